"""A client that is driven by the document alone gets no 5xx, and no answer that the document does not describe."""

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from frontsim.neighbours.desk import served
from frontsim.neighbours.operations import Shape, ValueKind, VendorOperation, resolved
from tests.contracts.test_real_answers import check_answer
from tests.neighbours.shopping import Shopping, shopping

pytestmark = pytest.mark.slow
TEXTS = st.sampled_from(["", "x", "Ås", "2021-12-01", "0", "1" * 30]) | st.text(max_size=8)
UUIDS = st.uuids().map(str)
NUMBERS = st.integers(-3, 5) | st.floats(-2, 3, allow_nan=False) | st.sampled_from([1e15, -(2**62), 2**63 - 1, 1e308])
WHOLES = st.integers(-3, 5) | st.sampled_from([2**31 - 1, -(2**31)])
MOMENTS = st.sampled_from(["2026-12-01", "2026-12-01T08:00:00", "0001-01-01T00:00:00", "9999-12-31T23:59:59Z", "soon"])

OF_BASE = {"string": TEXTS, "integer": WHOLES, "number": NUMBERS, "boolean": st.booleans(), "any": st.none() | TEXTS}


def values(kind: ValueKind, known: dict[str, list[Any]], field: str = "", deep: int = 3) -> st.SearchStrategy[Any]:
    """Mostly right values of a kind; often one that the shop knows under such a name."""
    if kind.is_list:
        one = kind._replace(is_list=False)
        return st.lists(values(one, known, field, deep - 1), max_size=2 if deep > 0 else 0)
    shape = resolved(kind)
    if isinstance(shape, Shape):
        if deep <= 0:
            return st.just({})
        fields = {name: values(each, known, name, deep - 1) for name, each in shape.fields.items()}
        optional = {name: each for name, each in fields.items() if name not in shape.required}
        kept = {name: each for name, each in fields.items() if name in shape.required}
        return st.fixed_dictionaries(kept, optional=optional)
    of_base = {
        "string": TEXTS,
        "integer": WHOLES,
        "number": NUMBERS,
        "boolean": st.booleans(),
        "any": st.none() | TEXTS,
    }
    found = {"date-time": MOMENTS, "uuid": UUIDS}.get(shape.form, of_base[shape.base])
    if shape.words:
        found = st.sampled_from([int(each) for each in shape.words] if shape.base == "integer" else list(shape.words))
    near = known.get(field.lower())
    return st.one_of(st.sampled_from(near), found) if near else found


def called(shop: Shopping, operation: VendorOperation, body: Any, parameters: dict[str, Any]) -> None:
    path, places = operation.path, {"query": {}, "header": {}}  # type: ignore[var-annotated]
    for each in operation.parameters:
        text = str(parameters[each.name]).replace("/", "").strip(".") or "0"
        if each.where == "path":
            path = re.sub(rf"\{{{each.name}\}}", re.sub(r"[^\w.-]", "-", text), path)
        else:
            places[each.where][each.name] = text.encode("ascii", "replace").decode() if each.where == "header" else text
    headers = {name: re.sub(r"[^\x20-\x7e]", "?", text) for name, text in places["header"].items()}
    more = {} if operation.request is None else {"json": body}
    answer = shop.sim.api(operation.method, path.removeprefix("/api/"), params=places["query"], headers=headers, **more)
    assert answer.status_code < 500, (operation.name, body, parameters, answer.text)
    check_answer(operation.method.lower(), operation.path, answer)


def drive(shop: Shopping, known: dict[str, list[Any]], data: st.DataObject) -> None:
    for _ in range(6):
        operation = data.draw(st.sampled_from(served()))
        body = None if operation.request is None else data.draw(values(operation.request, known))
        parameters = {each.name: data.draw(values(each.kind, known, each.name)) for each in operation.parameters}
        called(shop, operation, body, parameters)


@pytest.mark.parametrize(
    ("payloads", "examples"),
    [("typical", 10), *(pytest.param(each, 100, marks=pytest.mark.long) for each in ("typical", "adversarial"))],
)
def test_calls_that_the_document_describes_are_answered_as_it_says(payloads: str, examples: int) -> None:
    """On a shop that has had each event, of whatever payloads."""
    with shopping(payloads=payloads) as shop:
        for name in shop.types:
            shop.sim.does("trigger", {"event": name})
        order = {"orderNo": "O1", "orderLines": [{"gtin": shop.gtin, "quantity": 1}]}
        shop.calls("POST", "OmniChannel", order, headers={"x-stockId": str(shop.stock_id)})
        items = [{"gtin": shop.gtin, "qty": 1}]
        [held] = shop.calls("POST", "Stockreservation", {"stockId": shop.stock_id, "items": items})
        product = shop.calls("GET", f"Product/gtin/{shop.gtin}")
        who = shop.calls("POST", "Customer", {"pageSize": 1})[0]["customerid"]
        sku = product["productSizes"][0]["identity"]
        stocks, codes = [shop.stock_id, shop.last["stockId"]], [shop.gtin, shop.last["id"]]
        known = {
            "stockid": stocks, "tostockid": stocks[1:], "x-stockid": stocks, "gtin": codes, "identity": [sku, *codes],
            "id": [held["id"], *codes], "orderno": ["O1"], "customerid": [0, who], "productid": [product["productid"]],
            "date": ["2026-12-01"], "qty": [1, 2], "quantity": [1, 2], "stockids": stocks,
        }  # fmt: skip
        limits = settings(max_examples=examples, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
        limits(given(data=st.data())(drive))(shop, known)
        shop.raised()  # each event is valid under its schema
