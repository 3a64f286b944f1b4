"""Strict, typical and adversarial payloads: what each may hold."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest

from frontsim import catalog
from frontsim.payloads.making.factory import Payloads
from frontsim.payloads.making.profiles import PROFILES, plain
from frontsim.payloads.making.shop import Shop
from frontsim.schemas import draw
from frontsim.settings import Settings

TYPES = catalog.load()
NAMES = [kind.name for kind in TYPES]
ABSENT = {
    "customer",
    "shippingAddress",
    "fulfillmentLocation.deliveryAddress",
    "fulfillmentLocation.shipmentInfo",
    "fulfillmentLocation.shipments",
    "fulfillmentLocation.shipments[].shipmentInfo",
}
"""Objects and lists whose absence has a meaning: no known customer, no shipment."""


def fields(schema: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, inner in schema.get("properties", {}).items():
        yield f"{path}.{name}".strip("."), inner
        yield from fields(inner, f"{path}.{name}")
    if "items" in schema:
        yield from fields(schema["items"], f"{path}[]")


def values(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    yield path.strip("."), value
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from values(inner, f"{path}.{name}")
    if isinstance(value, list):
        for inner in value:
            yield from values(inner, f"{path}[]")


@pytest.mark.parametrize("event", NAMES)
def test_a_strict_payload_leaves_nothing_out(event: str) -> None:
    """Every field of the schema is there, nothing is null or empty text, and all text is ASCII."""
    schema = TYPES.find(event).schema
    made = Payloads(TYPES, seed=3, profile="strict")
    for number in range(60):
        body = made.build(event, number).body
        TYPES.check(event, body)
        payload = orjson.loads(body)
        assert set(schema["properties"]) <= payload.keys()
        assert body.isascii()
        for path, value in values(payload):
            assert value is not None, path
            assert value != "", path


def test_simulators_of_one_process_share_what_a_schema_compiles_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """A verification starts some twenty simulators, each of which would compile the same hundred fields."""

    def bodies() -> list[bytes]:
        made = Payloads(TYPES, seed=0, profile="strict")
        return [made.build(event, number).body for event in NAMES for number in range(10)]

    before = bodies()
    monkeypatch.setattr(draw, "Drawer", None)
    assert before == bodies()


@pytest.mark.parametrize("event", NAMES)
def test_a_typical_payload_is_null_only_where_a_source_is(event: str) -> None:
    """A field for which a source shows a value has one; null has a source that shows null, or a meaning."""
    shown = {path for path, schema in fields(TYPES.find(event).schema) if any(schema.get("examples", ()))}
    for seed in (1, 2):
        made = Payloads(TYPES, seed=seed)
        for number in range(200):
            nulls = {path for path, value in values(orjson.loads(made.build(event, number).body)) if value is None}
            kinds = {path: schema.get("type", ()) for path, schema in fields(TYPES.find(event).schema)}
            for path in nulls:
                assert path not in shown, path
                assert path in ABSENT or not {"object", "array"} & {*kinds[path]}, path


@pytest.mark.parametrize("event", NAMES)
def test_an_adversarial_payload_is_null_wherever_its_schema_allows_it(event: str) -> None:
    """Each nullable field is null at times, and valid always; the fields that identify the event stay."""
    kind = TYPES.find(event)
    kept = {kind.identity, kind.store, *kind.version}
    wanted = {path for path, schema in fields(kind.schema) if "null" in schema.get("type", ()) and path not in kept}
    typical, made = Payloads(TYPES, seed=1), Payloads(TYPES, seed=1, profile="adversarial")
    seen: set[str] = set()
    for number in range(1500):
        body = made.build(event, number).body
        if number % 10 == 0:
            TYPES.check(event, body)
            before = orjson.loads(typical.build(event, number).body)
            assert [before[path] for path in kept if path] == [orjson.loads(body)[path] for path in kept if path]
        seen |= {path for path, value in values(orjson.loads(body)) if value is None}
        if number >= 100 and wanted <= seen:
            break

    assert set() == wanted - seen


def test_a_number_decides_the_bytes_in_every_profile() -> None:
    """The same seed, profile and number give the same bytes; a call may ask for another profile than the usual."""
    for profile in PROFILES:
        one = [Payloads(TYPES, seed=5, profile=profile).build("SaleCreated", number).body for number in range(7)]
        other = Payloads(TYPES, seed=5)
        assert one == [other.build("SaleCreated", number, profile=profile).body for number in range(7)]


def test_a_voided_sale_is_rung_anew() -> None:
    """In the adversarial profile, under an id of its own (open). A call that names its profile, as verify's do, gets
    none: whether a receiver books a voided sale is open."""
    made = Payloads(TYPES, seed=5, profile="adversarial")
    bodies = [orjson.loads(made.build("SaleCreated", number).body) for number in range(48)]
    voided = [place for place, body in enumerate(bodies) if body["isVoided"]]
    assert [7, 31] == voided
    for place in voided:
        gtins = [[line["rowId"] and line["stockId"] for line in body["salesLines"] or ()] for body in bodies]
        assert len(gtins[place]) == len(gtins[place + 1]) or [] in (gtins[place], gtins[place + 1])
        assert bodies[place]["total"] == bodies[place + 1]["total"]
        assert bodies[place]["saleId"] != bodies[place + 1]["saleId"]
    named = [orjson.loads(made.build("SaleCreated", n, profile="adversarial").body) for n in range(48)]
    assert not any(body["isVoided"] for body in named)


def test_typical_text_is_rarely_odd() -> None:
    """Of 2,000 sales one in ten at most has a comment that would surprise a careful receiver."""
    made = Payloads(TYPES, seed=1)
    comments = [orjson.loads(made.build("SaleCreated", number).body)["comment"] for number in range(2000)]

    assert 0.2 < sum(comment is not None for comment in comments) / 2000 < 0.5
    assert 0 < sum(len(comment or "") > 80 or "<" in (comment or "") for comment in comments) < 200


def test_the_settings_know_the_profiles() -> None:
    """`--payloads` takes the profiles that there are."""
    rule = Settings.__dataclass_fields__["payloads"].metadata["rule"]

    assert (*PROFILES,) == tuple(rule.choices)


@pytest.mark.parametrize("profile", ["strict", "adversarial"])
def test_business_acts_are_in_the_profile_too(profile: str) -> None:
    """Every event that a sale causes is valid, and strict ones are whole."""
    shop = Shop(seed=1, in_profile=Payloads(TYPES, seed=1, profile=profile).in_profile)
    caused = [each for number in range(20) for each in shop.act("sale", number=number)]
    for each in caused:
        TYPES.check(each.event, each.body)
        if profile == "strict":
            assert None not in orjson.loads(each.body).values()
    assert len({each.event for each in caused}) > 1


def test_a_type_of_the_users_own_is_filled_from_its_schema(tmp_path: Path) -> None:
    """Null, a missing field and empty text give way to a value that the schema allows."""
    (tmp_path / "schemas").mkdir()
    schema = {
        "type": "object",
        "required": ["a"],
        "properties": {
            "a": {"type": ["string", "null"]},
            "level": {"type": ["integer", "null"], "minimum": 3, "maximum": 5},
            "when": {"$ref": "#/$defs/day"},
        },
        "$defs": {"day": {"type": ["string", "null"], "format": "date"}},
    }
    (tmp_path / "schemas" / "Mine.json").write_bytes(orjson.dumps(schema))
    types = catalog.load(tmp_path)
    made = Payloads(types, seed=1, profile="strict")
    for number in range(50):
        payload = orjson.loads(made.build("Mine", number).body)
        assert {"a", "level", "when"} <= payload.keys()
        assert all(value not in (None, "") for value in payload.values())
        assert 3 <= payload["level"] <= 5


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ødegård & sønn", "Odegard sonn"),
        ("a\nb\t'c'", "a b c"),
        ("🎁", ""),
        ("x" * 500, "x" * 120),
        ("Cafe\u0301", "Cafe"),
    ],
)
def test_plain(text: str, expected: str) -> None:
    """ASCII, one line, at most 120 characters."""
    assert expected == plain(text).replace("  ", " ")
