"""Every type and schema of an API that plays the real one: other schemas, an extra type, 429s and lost answers."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from frontsim import catalog
from frontsim.cli.commands import contracts
from frontsim.cli.commands.contracts import pull_contracts
from frontsim.client.errors import ApiError, RetryPolicy
from frontsim.client.http import FrontSystems
from frontsim.errors import FrontsimError
from tests.support.simulation import Simulation, simulation

EXTRA = {"type": "object", "required": ["parcelId"], "properties": {"parcelId": {"type": "integer"}}}


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Simulation]:
    """A second simulator as the real API: a sale is another, and there is a type that we do not know."""
    (tmp_path / "SaleCreated.json").write_text(
        json.dumps({"type": "object", "properties": {"saleId": {"type": "string"}}})
    )
    (tmp_path / "ParcelSent.json").write_text(json.dumps(EXTRA))
    with simulation(contracts=tmp_path) as sim:
        yield sim


def front(sim: Simulation) -> FrontSystems:
    return FrontSystems(sim.base_url, api_key="any", subscription_key="any")


def test_all_types_come_despite_429s_and_lost_answers(real: Simulation):
    """A refused or lost call is made again, as the API asks; what came is what the API serves."""
    waits: list[float] = []
    real.breaks("api-error", {"operation": "listWebhookTypes"}, times=1, params={"status": 429, "retryAfter": 7})
    real.breaks("api-error", {"operation": "getWebhookTypeSchema"}, times=1, params={"status": 500})
    real.breaks("api-lost-response", {"operation": "getWebhookTypeSchema"}, times=2)
    with front(real) as api:
        pulled = pull_contracts(api, RetryPolicy(sleep=waits.append))
    assert {*(kind.name for kind in catalog.load()), "ParcelSent"} == set(pulled.schemas)
    assert (EXTRA, {}) == (pulled.schemas["ParcelSent"], pulled.left_out)
    assert {"type": "string"} == pulled.schemas["SaleCreated"]["properties"]["saleId"]
    assert (7, 4) == (max(waits), len(waits))


def test_a_type_without_a_schema_is_left_out(real: Simulation):
    """A 404 is about one type; any other refusal ends the pull."""
    real.breaks("api-error", {"operation": "getWebhookTypeSchema"}, times=1, params={"status": 404})
    with front(real) as api:
        pulled = pull_contracts(api, RetryPolicy(sleep=lambda _: None))
        assert ["the API has no schema of it (404)"] == list(pulled.left_out.values())
        real.breaks("api-error", {"operation": "getWebhookTypeSchema"}, params={"status": 403})
        with pytest.raises(ApiError, match="403"):
            pull_contracts(api, RetryPolicy(sleep=lambda _: None))


class SchemaApi:
    """An API whose answers are odd."""

    def __init__(self, **schemas: object) -> None:
        self._schemas = schemas

    def webhook_types(self) -> list[str]:
        return list(self._schemas)

    def type_schema(self, name: str) -> object:
        return self._schemas[name]


def test_what_cannot_be_used_is_left_out_with_the_reason():
    """A name that no file can have, and what is no schema; a schema within a text is read."""
    api = SchemaApi(
        **{"../../Up": {}, "Text": json.dumps(EXTRA), "Array": [], "Wrong": {"type": "nothing"}, "Away": {"$ref": "x"}}
    )
    pulled = pull_contracts(api, RetryPolicy(sleep=lambda _: None))  # type: ignore[arg-type]
    assert {"Text": EXTRA} == pulled.schemas
    assert ["../../Up", "Array", "Wrong", "Away"] == list(pulled.left_out)
    assert all(reason.startswith("expected") for reason in pulled.left_out.values())


def test_names_that_differ_in_case_alone_are_refused():
    """They would be one file on some systems: the second would replace the first."""
    api = SchemaApi(SaleCreated=EXTRA, saleCreated=EXTRA)
    with pytest.raises(FrontsimError, match="differ in more than case, got SaleCreated and saleCreated"):
        pull_contracts(api, RetryPolicy(sleep=lambda _: None))  # type: ignore[arg-type]


def test_too_many_types_are_refused_before_their_schemas_are_read():
    api = SchemaApi(**{f"T{number}": EXTRA for number in range(1_001)})
    api.type_schema = None  # type: ignore[assignment,method-assign]
    with pytest.raises(FrontsimError, match="at most 1,000 event types, got 1,001"):
        pull_contracts(api, RetryPolicy(sleep=lambda _: None))  # type: ignore[arg-type]


def test_schemas_that_are_too_large_together_are_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(contracts, "MOST_BYTES", 2**20)
    api = SchemaApi(**{f"T{number}": {"description": "x" * 400_000} for number in range(9)})
    with pytest.raises(FrontsimError, match="schemas of at most 1 MiB in all"):
        pull_contracts(api, RetryPolicy(sleep=lambda _: None))  # type: ignore[arg-type]
