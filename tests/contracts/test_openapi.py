"""The description of the API is a sound OpenAPI 3.1 document, and says of each part how sure it is."""

import json
import re
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any
from zoneinfo import ZoneInfo

import jsonschema
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from docs.generate.openapi import rendered
from frontsim import bundled
from frontsim.clock import WireTime
from frontsim.domain.delivery_request import LONGEST, parse_target
from frontsim.errors import BadInput
from frontsim.neighbours.desk import served

Node = dict[str, Any]

CONTRACTS = bundled.folder("contracts")
DOCUMENT: Node = json.loads((CONTRACTS / "openapi.json").read_text("utf-8"))
SCHEMAS = {file.name: json.loads(file.read_text("utf-8")) for file in (CONTRACTS / "schemas").glob("*.json")}
EVENTS = [event["name"] for event in json.loads((CONTRACTS / "events.json").read_text("utf-8"))]
BASE = "https://frontsim.example/openapi.json"
"""Where the document is taken to lie, so that `schemas/NAME.json` means something; nothing is fetched."""
REGISTRY: Registry[Any] = Registry().with_resources(
    [(BASE, Resource.from_contents(DOCUMENT, default_specification=DRAFT202012))]
    + [(f"https://frontsim.example/schemas/{name}", Resource.from_contents(schema)) for name, schema in SCHEMAS.items()]
)
METHODS = {"get", "put", "post", "delete", "patch", "head", "options", "trace"}
OPERATIONS = {
    "listWebhooks": ("get", "/api/Webhooks"),
    "createWebhook": ("post", "/api/Webhooks"),
    "getWebhook": ("get", "/api/Webhooks/{webhookId}"),
    "updateWebhook": ("put", "/api/Webhooks/{webhookId}"),
    "deleteWebhook": ("delete", "/api/Webhooks/{webhookId}"),
    "listWebhookTypes": ("get", "/api/WebhooksTypes"),
    "getWebhookTypeSchema": ("get", "/api/WebhooksTypes/{webhookType}/schema"),
    "listWebhookEvents": ("get", "/api/WebhooksEvents/{webhookId}"),
    "getWebhookEvent": ("get", "/api/WebhooksEvents/{webhookId}/{webhookEventId}"),
    "deliverWebhookEvent": ("post", "/api/WebhooksEvents/{webhookId}/deliver/{webhookEventId}"),
}


def nodes(value: Any, pointer: str = "#") -> Iterator[tuple[str, Node]]:
    """Every object of the document, by JSON pointer; examples are left out, as they are values, not parts."""
    if isinstance(value, dict):
        yield pointer, value
        for key, inner in value.items():
            if key not in {"example", "examples", "value"}:
                yield from nodes(inner, f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from nodes(inner, f"{pointer}/{index}")


def resolved(node: Node) -> Any:
    return REGISTRY.resolver(BASE).lookup(node["$ref"]).contents if "$ref" in node else node


def operations(section: str) -> Iterator[tuple[str, str, Node, Node]]:
    """Path or name, method, the item and the operation."""
    for place, item in DOCUMENT[section].items():
        for method in METHODS & item.keys():
            yield place, method, item, item[method]


def parameters(item: Node, operation: Node) -> list[Node]:
    return [resolved(each) for each in [*item.get("parameters", []), *operation.get("parameters", [])]]


def check(pointer: str, value: object) -> None:
    """Hold a value to the schema at a pointer of the document."""
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    schema = {"$ref": f"{BASE}{pointer}"}
    jsonschema.Draft202012Validator(schema, registry=REGISTRY, format_checker=checker).validate(value)


def test_the_document_has_the_parts_that_openapi_asks_for() -> None:
    """OpenAPI 3.1 with title, version, servers under the vendor's base path, and only known sections."""
    known = {"openapi", "info", "jsonSchemaDialect", "servers", "paths", "webhooks", "components", "security", "tags"}
    assert known == set(DOCUMENT)
    assert re.fullmatch(r"3\.1\.\d", DOCUMENT["openapi"])
    assert {"title", "version"} <= DOCUMENT["info"].keys()
    assert ["/restapi/V2", "/"] == [server["url"] for server in DOCUMENT["servers"]]
    assert all(
        re.fullmatch(r"[A-Za-z0-9._-]+", name) for section in DOCUMENT["components"].values() for name in section
    )


def test_the_vendors_operations_are_described() -> None:
    """Each published operation stands under its published path and method, by the name that its route has."""
    shop = {each.name: (each.method.lower(), each.path) for each in served()}
    assert OPERATIONS | shop == {op["operationId"]: (method, path) for path, method, _, op in operations("paths")}


def test_the_shops_part_is_what_the_contract_declares() -> None:
    """It is rendered from the registry."""
    text = (CONTRACTS / "openapi.json").read_text("utf-8")
    assert rendered(text) == text


def test_every_type_has_its_delivery() -> None:
    """The webhooks section has one POST per type, with the type's own schema and the three headers."""
    assert EVENTS == list(DOCUMENT["webhooks"])
    for name, method, item, operation in operations("webhooks"):
        body = operation["requestBody"]["content"]["application/json"]["schema"]
        assert ("post", {"$ref": f"schemas/{name}.json"}) == (method, body)
        assert SCHEMAS[f"{name}.json"] == resolved(body)
        expected = ["X-Webhook-Event-Id", "X-Webhook-Id", "X-Webhook-Event"]
        assert expected == [each["name"] for each in parameters(item, operation)]
        assert {"2XX", "default"} == operation["responses"].keys()


def test_every_reference_leads_somewhere() -> None:
    """No reference is dangling, and every component is used."""
    used = {node["$ref"] for _, node in nodes(DOCUMENT) if "$ref" in node}
    for each in used:
        assert isinstance(resolved({"$ref": each}), dict), each
    components = {f"#/components/{kind}/{name}" for kind, each in DOCUMENT["components"].items() for name in each}
    assert {each for each in components if "securitySchemes" not in each} == {each for each in used if each[0] == "#"}


def test_operations_have_unique_ids_and_known_tags() -> None:
    """An operationId comes once; each operation has a summary, a description and a known tag."""
    every = [operation for section in ("paths", "webhooks") for *_, operation in operations(section)]
    assert len(every) == len({operation["operationId"] for operation in every})
    tags = {tag["name"] for tag in DOCUMENT["tags"]}
    for operation in every:
        assert operation["summary"]
        assert operation["description"]
        assert set(operation["tags"]) <= tags


def test_parameters_match_their_paths() -> None:
    """Each name in a path is a required path parameter, and no parameter comes twice."""
    for path, _, item, operation in operations("paths"):
        found = parameters(item, operation)
        assert len(found) == len({(each["name"], each["in"]) for each in found})
        in_path = {each["name"] for each in found if each["in"] == "path"}
        assert in_path == set(re.findall(r"\{(\w+)\}", path))
        assert all(each["required"] for each in found if each["in"] == "path")


def test_the_listings_query_is_complete() -> None:
    """`from` and `to` are required, the rest is not (published)."""
    item = DOCUMENT["paths"]["/api/WebhooksEvents/{webhookId}"]
    query = {each["name"]: each.get("required", False) for each in parameters({}, item["get"])}
    optional = dict.fromkeys(["statuses", "success", "includePayload", "includeRuns"], False)
    assert {"from": True, "to": True, **optional} == query


def test_both_keys_are_security_schemes() -> None:
    """The two headers, and the query form of the gateway's key (published); what is asked for is defined."""
    schemes = DOCUMENT["components"]["securitySchemes"]
    assert {("header", "x-api-key"), ("header", "Ocp-Apim-Subscription-Key"), ("query", "subscription-key")} == {
        (scheme["in"], scheme["name"]) for scheme in schemes.values()
    }
    asked = [name for each in DOCUMENT["security"] for name in each]
    assert set(schemes) == set(asked)


def test_every_answer_is_described() -> None:
    """Each operation answers 200 (204: no body), and may answer 401, 403, 429; one with a body also 400, 413, 415."""
    for path, _, _, operation in operations("paths"):
        answers = operation["responses"]
        done = next(iter(answers))
        wanted = {done, "401", "403", "429"}
        wanted |= {"400", "413", "415", "503"} if "requestBody" in operation else set()
        wanted |= {"404"} if "{" in path else set()
        assert wanted <= answers.keys(), operation["operationId"]
        assert all(resolved(each)["description"] for each in answers.values())
        assert done == "204" or (done == "200" and "application/json" in answers["200"]["content"])


def test_every_part_says_how_sure_it_is() -> None:
    """Operations, parameters, answers, schemas and their properties have a description and an x-provenance."""
    sure = re.compile(r"(published|seen|inferred|open)\b")
    components = DOCUMENT["components"]
    parts = [op for section in ("paths", "webhooks") for *_, op in operations(section)]
    parts += [resolved(answer) for op in parts for answer in op["responses"].values()]
    parts += [op["requestBody"] for op in parts if "requestBody" in op]
    parts += [part for kind in components.values() for part in kind.values()]
    parts += [prop for schema in components["schemas"].values() for prop in schema.get("properties", {}).values()]
    parts += [header for answer in components["responses"].values() for header in answer.get("headers", {}).values()]
    for part in parts:
        assert sure.match(part["x-provenance"]), part
        assert part["description"], part


@pytest.mark.parametrize("name", DOCUMENT["components"]["schemas"])
def test_schemas_are_valid_and_so_are_their_examples(name: str) -> None:
    """Each schema is JSON Schema 2020-12, and its examples are valid under it, formats included."""
    schema = DOCUMENT["components"]["schemas"][name]
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["examples"]
    for example in schema["examples"]:
        check(f"#/components/schemas/{name}", example)


def test_examples_of_parameters_headers_and_bodies_are_valid() -> None:
    """Every example in the document is valid under the schema beside it."""
    seen = 0
    for pointer, node in nodes(DOCUMENT):
        if "schema" in node:
            given = [node["example"]] if "example" in node else []
            for example in given + [each["value"] for each in node.get("examples", {}).values()]:
                check(f"{pointer}/schema", example)
                seen += 1
    assert seen > 25


def test_date_times_are_those_of_the_payloads() -> None:
    """The log's date-times have the same form as those in the payloads."""
    pattern = DOCUMENT["components"]["schemas"]["DateTime"]["pattern"]
    assert {pattern} == {schema["$defs"]["dateTime"]["pattern"] for schema in SCHEMAS.values()}
    ours = {name: each for name, each in DOCUMENT["components"]["schemas"].items() if not name.startswith("Shop.")}
    for _, node in nodes(ours):
        for name, prop in node.get("properties", {}).items():
            assert name.endswith("DateTime") == (prop.get("$ref") == "#/components/schemas/DateTime")


def test_the_gateways_bodies_are_those_that_are_known() -> None:
    """The texts of the gateway's answers are the seen ones, word for word."""
    told = {
        each["value"]["message"]
        for answer in DOCUMENT["components"]["responses"].values()
        for each in answer["content"].get("application/json", {}).get("examples", {}).values()
    }
    assert {
        "Access denied due to missing subscription key. "
        "Make sure to include subscription key when making requests to an API.",
        "Access denied due to invalid subscription key. Make sure to provide a valid key for an active subscription.",
        "Out of call volume quota. Quota will be replenished in 03:02:59.",
        "Resource not found",
        "Rate limit is exceeded. Try again in 57 seconds.",
    } == told


def _pattern(*path: str) -> str:
    node: Any = DOCUMENT["components"]
    for step in path:
        node = node[step]
    return str(node["pattern"])


DATES = _pattern("parameters", "from", "schema")
URLS = _pattern("schemas", "NewWebhook", "properties", "url")
ASCII_URLS = URLS.replace(r"\u00a1-\uffff", "")
"""Hypothesis lists each letter of a range, before it leaves out what is beyond ASCII: that would take seconds."""


@pytest.mark.slow
@given(st.from_regex(DATES, fullmatch=True, alphabet=st.characters(codec="ascii")))
def test_dates_that_are_described_are_taken(text: str) -> None:
    """The pattern of `from` and `to` allows no more than the server takes."""
    WireTime(ZoneInfo("Europe/Oslo")).read(text)


@pytest.mark.parametrize(
    ("text", "is_taken"),
    [
        ("2021-12-01", True),
        ("2021-12-01 08:50:46.02", True),
        ("2021-12-01t08:50Z", True),
        ("2024-02-29T08:50:46+01:00", True),
        ("2000-02-29 08:50:46 -0130", True),
        ("1900-02-29", False),
        ("2021-02-29", False),
        ("2021-04-31", False),
        ("2021-13-01", False),
        ("0000-01-01", False),
        ("2021-12-01 24:00", False),
        ("2021-12-01Z08:50", False),
        ("yesterday", False),
    ],
)
def test_dates_are_described_as_they_are_taken(text: str, is_taken: bool) -> None:
    """Neither more nor less."""
    assert is_taken is bool(re.search(DATES, text))
    with nullcontext() if is_taken else pytest.raises(ValueError, match="expected a date"):
        WireTime(ZoneInfo("Europe/Oslo")).read(text)


@pytest.mark.slow
@given(
    st.from_regex(ASCII_URLS, fullmatch=True, alphabet=st.characters(codec="ascii")).filter(lambda url: "[" not in url)
)
def test_urls_that_are_described_are_taken(url: str) -> None:
    """The pattern of a webhook's URL allows no more than the server takes, but for IPv6 and names beyond ASCII."""
    assume(len(url) <= LONGEST and len(url) < 250)
    parse_target(url)


@pytest.mark.parametrize(
    ("url", "is_taken"),
    [
        ("https://shop.example/hooks?token=abc#part", True),
        ("HTTP://user:word@shop.example:65535", True),
        ("http://[::1]:8500/{event}", True),
        ("http://localhost.:/", True),
        ("http://blåbær.example/", True),
        ("http://shop.example:65536", False),
        ("http://shop.example:0", False),
        ("http://-shop.example", False),
        ("http://shop..example", False),
        ("http://shop.example/a b", False),
        ("ftp://shop.example", False),
        ("shop.example/hook", False),
        ("http:///hook", False),
        ("http://a\\b/", False),
    ],
)
def test_urls_are_described_as_they_are_taken(url: str, is_taken: bool) -> None:
    """In the bodies of POST and PUT alike."""
    assert URLS == _pattern("schemas", "WebhookChange", "properties", "url")
    assert is_taken is bool(re.search(URLS, url))
    with nullcontext() if is_taken else pytest.raises(BadInput):
        parse_target(url)
