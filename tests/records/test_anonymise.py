"""Anonymous events: nothing of who was in them is left, and everything else is as it was."""

import re
import stat
from dataclasses import replace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontsim import catalog
from frontsim.errors import Unusable
from frontsim.payloads.making.factory import Payloads
from frontsim.payloads.making.shop import ACTS, Shop
from frontsim.records import anonymise as anonymise_module
from frontsim.records.anonymise import (
    _STAYS,
    KEPT,
    KINDS,
    Anonymiser,
    Originals,
    WaitingEvents,
    locale_of,
    read_salt,
    rules_of,
)
from frontsim.records.record import RecordedEvent

CATALOG = catalog.load()
SALT = b"a secret of sixteen bytes"


def recorded(event, body, **more):
    return RecordedEvent(event, "w", "e", "2026-08-01T10:00:00", body, **more)


def day(seed=4):
    """Events of every type, and a day's worth of business acts that refer to each other."""
    shop, made = Shop(seed=seed), []
    for number in range(60):
        for what in ACTS if number == 0 else ("sale", "customer-update", "new-customer"):
            made += shop.act(what, number=number * 100 + len(made))
    payloads = Payloads(CATALOG, seed=seed, profile="adversarial")
    made += [payloads.build(kind.name, number) for kind in CATALOG for number in range(5)]
    return [recorded(item.event, orjson.loads(item.body)) for item in made]


def anonymous(events, *, salt=SALT, **more):
    """The events without whoever was in them, and what did it."""
    changed = Anonymiser(CATALOG, salt=salt, **more)
    for event in events:
        changed.learn(event)
    return [changed.anonymise(event) for event in events], changed


def leaves(value, path=""):
    if isinstance(value, dict):
        for name, item in value.items():
            yield from leaves(item, f"{path}.{name}".lstrip("."))
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item, f"{path}[]")
    else:
        yield path, value


@pytest.fixture(scope="module")
def a_day():
    events = day()
    return events, *anonymous(events)


def test_no_original_is_left_anywhere(a_day):
    """Of four characters or more, of any replaced field, inside other texts too; in UUIDs and times only by chance."""
    events, found, changed = a_day
    originals = {
        value.lower()
        for event in events
        for path, value in leaves(event.body)
        if path in changed.fields.replaced and isinstance(value, str) and len(value) >= 4
    }
    assert len(originals) > 300
    kinds = rules_of(CATALOG)
    texts = {
        value.lower()
        for event in found
        for path, value in leaves(event.body)
        if isinstance(value, str) and kinds[event.event].get(path) != "enum" and not _STAYS.fullmatch(value)
    }
    left = [
        (original, text)
        for text in texts
        for original in originals
        if original in text and not (original.isdigit() and not re.search(rf"(?<!\d){original}(?!\d)", text))
    ]
    assert [] == left


def test_every_event_is_still_valid(a_day):
    """Under its type's schema, formats and enums included."""
    _, found, _ = a_day
    assert [] == [(event.event, CATALOG.problems(event.event, event.body)) for event in found
                  if CATALOG.problems(event.event, event.body)]  # fmt: skip


def test_equality_and_references_survive(a_day):
    """Two values of a field are equal afterwards exactly if they were before, where the field tells things apart."""
    events, found, _ = a_day
    for name in ("email", "phone", "taxId", "cardNo", "customerId", "saleId", "extId", "receiptNo"):
        pairs = {
            (before, after)
            for event, other in zip(events, found, strict=True)
            for (path, before), (_, after) in zip(leaves(event.body), leaves(other.body), strict=True)
            if path.rpartition(".")[2] == name and isinstance(before, str | int) and before
        }
        befores, afters = zip(*pairs, strict=True)
        assert len(pairs) == len(set(befores)) == len(set(afters)), name


def test_ids_times_and_amounts_stay(a_day):
    """A bug may depend on values that are not personal."""
    events, found, changed = a_day
    for event, other in zip(events, found, strict=True):
        for (path, before), (_, after) in zip(leaves(event.body), leaves(other.body), strict=True):
            if path not in changed.fields.replaced and not isinstance(before, str):
                assert before == after, path


def test_the_same_salt_gives_the_same_output(a_day):
    """And another one other people."""
    events, found, _ = a_day
    assert found == anonymous(events)[0]
    assert found != anonymous(events, salt=b"another secret of bytes")[0]


def test_the_list_says_what_was_replaced_and_kept(a_day):
    _, _, changed = a_day
    assert changed.fields.replaced["customer.email"] > 10
    assert {"salesLines[].gtin", "store.storeName", "saleId", "customerId"} <= changed.fields.kept
    assert set() == changed.fields.unknown & changed.fields.kept


@pytest.mark.parametrize("kind", list(CATALOG), ids=lambda kind: kind.name)
def test_each_field_of_a_schema_has_a_rule(kind):
    """A new field of ours must be decided on: personal or not."""
    assert [] == [path for path, rule in rules_of(CATALOG)[kind.name].items() if rule == "unknown"]


def test_no_name_is_both_personal_and_kept():
    assert set() == KEPT & KINDS.keys()


@pytest.mark.parametrize(
    "value", ["Secret Name", {"who": "Secret Name"}, ["Secret Name"], {"deep": [{"type": "Secret Name"}]}]
)
def test_a_field_that_no_rule_knows_is_replaced(value):
    """In a known type and in an unknown one; the list names it."""
    for event in ("SaleCreated", "NewType"):
        (found,), changed = anonymous([recorded(event, {"saleId": 7, "novel": value})])
        assert "secret" not in str(found.body).lower()
        assert any("novel" in path for path in changed.fields.unknown)


def test_a_number_that_no_rule_knows_is_replaced():
    (found,), _ = anonymous([recorded("SaleCreated", {"saleId": 7, "novel": 91234567, "ratio": 0.123, "yes": True})])
    assert 7 == found.body["saleId"]
    assert (91234567, 0.123) != (found.body["novel"], found.body["ratio"])
    assert 8 == len(str(found.body["novel"]))


def test_a_name_inside_a_kept_text_is_replaced():
    """A store that is named after its street; a comment of another event."""
    events = [
        recorded("SaleCreated", {"customer": {"lastName": "Nordmann"}, "store": {"storeName": "Nordmanns Sko"}}),
        recorded("SaleCreated", {"comment": "call Nordmann", "salesLines": [{"receiptLabel": "for NORDMANN"}]}),
    ]
    found, _ = anonymous(events)
    assert "nordmann" not in str([event.body for event in found]).lower()
    assert found[0].body["store"]["storeName"].endswith("s Sko")


def test_heads_answers_and_bodies_that_are_no_json_are_replaced():
    """Only what names the event stays."""
    head = {"Content-Type": "application/json", "X-Webhook-Event-Id": "e", "User-Agent": "Ola's phone"}
    runs = [{"run": 1, "statusCode": 500, "answer": "no customer Ola"}]
    event = recorded("SaleCreated", None, head=head, runs=runs, text="{Ola")
    (found,), changed = anonymous([event])
    assert "Ola" not in str(found)
    assert {"Content-Type": "application/json", "X-Webhook-Event-Id": "e"} == found.head
    assert [{"run": 1, "statusCode": 500}] == found.runs
    assert {"head.User-Agent": 1, "runs[].answer": 1} == changed.fields.replaced


NUMBERS = {
    "974760673": anonymise_module._modulo_11,  # a Norwegian company
    "556677-8899": anonymise_module._luhn,  # a Swedish one, with its dash
    "25313763": anonymise_module._modulo_11,  # a Danish one
    "4111 1111 1111 1111": anonymise_module._luhn,
    "01010750160": anonymise_module._norwegian_person,
}


@pytest.mark.parametrize("number", NUMBERS)
def test_check_digits_and_formats_stay_valid(number):
    """Whatever check digit a number had, the new one has, in the same form."""
    assert NUMBERS[number](digits(number)), "the original has it"
    (found,), _ = anonymous([recorded("CustomerCreated", {"taxId": number})])
    assert NUMBERS[number](digits(found.body["taxId"]))
    assert re.sub(r"\d", "0", number) == re.sub(r"\d", "0", found.body["taxId"])
    assert number != found.body["taxId"]


def digits(text):
    return re.findall(r"\d", text)


def test_people_come_from_their_own_country():
    """A Finn stays a Finn, a Greek a Greek; a country that Faker does not know gets English names."""
    bodies = [{"firstName": "Original", "address1": "Original 1", "countryCode": code} for code in ("GR", "fi", "XX")]
    names = [anonymous([recorded("CustomerCreated", body)])[0][0].body["firstName"] for body in bodies]
    assert any("Ͱ" <= letter <= "Ͽ" for letter in names[0])
    assert ("fi_FI", "de_DE", None) == (locale_of("FI"), locale_of("DE"), locale_of("XX"))
    assert names[2].isascii()


def test_a_birthday_moves_by_some_days_in_its_form():
    (found,), _ = anonymous([recorded("CustomerCreated", {"birthday": "1984-05-01T00:00:00"})])
    assert re.fullmatch(r"198[2-6]-\d\d-\d\dT00:00:00", found.body["birthday"])
    assert "1984-05-01T00:00:00" != found.body["birthday"]


def test_shifted_amounts_keep_their_sums(a_day):
    """One factor for all of them, none for quantities and percentages."""
    events, _, _ = a_day
    found, _ = anonymous(events, shift_amounts=True)
    sales = [
        (a.body, b.body) for a, b in zip(events, found, strict=True) if a.event == "SaleCreated" and a.body["total"]
    ]
    factors = {round(after["total"] / before["total"], 6) for before, after in sales}
    assert 1 == len(factors)
    for _, sale in sales[:20]:
        assert sale["total"] == pytest.approx(
            sum(line["quantity"] * line["price"] for line in sale["salesLines"]), abs=0.01
        )


@given(st.lists(st.text(min_size=4, max_size=8), max_size=4), st.text(max_size=30))
def test_originals_are_found_wherever_they_stand(values, text):
    """As a plain search finds them, but for digits within longer numbers."""
    originals = Originals()
    for value in values:
        originals.add(value)
    wanted = {value.lower() for value in values if value.lower() in text.lower() and not value.isdigit()}
    found = {value for _, value in originals.found_in(text)}
    assert wanted <= found
    assert found <= {value.lower() for value in values}


def test_a_postal_code_is_not_found_inside_an_id():
    """Four digits stand by chance in every longer number."""
    originals = Originals()
    originals.add("0150")
    assert [False, True, True] == [originals.are_in(text) for text in ("7033140150408", "0150", "N-0150 Oslo")]


def test_a_salt_file_is_made_once(tmp_path):
    """Its owner's alone; the second run has the same secret."""
    first = read_salt(tmp_path / "salt")
    assert (first, 0o600) == (read_salt(tmp_path / "salt"), stat.S_IMODE((tmp_path / "salt").stat().st_mode))


def test_a_salt_that_is_no_secret_is_refused(tmp_path):
    """Whoever can guess it can try out names."""
    (tmp_path / "salt").write_text("short\n")
    with pytest.raises(Unusable, match="expected a secret of 16 bytes or more, got 5"):
        read_salt(tmp_path / "salt")
    with pytest.raises(Unusable, match="expected a file with a secret"):
        read_salt(tmp_path / "nowhere" / "salt")


def test_waiting_events_leave_no_file(tmp_path):
    """Events that are not anonymous yet leave no trace."""
    with WaitingEvents(tmp_path) as waiting:
        for number in range(3):
            waiting.add(replace(recorded("SaleCreated", {"saleId": number}), line=number))
        assert [] == list(tmp_path.iterdir())
        assert [0, 1, 2] == [event.body["saleId"] for event in waiting]
