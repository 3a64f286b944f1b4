"""Bodies of many values: another process reads them as this one would, and is made up for when it is not there."""

import os
import signal
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest

from frontsim import catalog, own_process
from frontsim.errors import BadInput, InvalidPayload, UnknownEventType
from frontsim.payloads.factory import Payloads
from frontsim.payloads.large_bodies import LargeBodies
from frontsim.payloads.trigger_call import Content

pytestmark = pytest.mark.anyio

SEED = 7
SET = b'{"event": "salecreated", "count": 3, "set": {"comment": "mine"}}'


def payloads_of(folder: Path | None = None) -> Payloads:
    return Payloads(catalog.load(*[folder] if folder else []), seed=SEED)


@pytest.fixture
async def bodies() -> AsyncIterator[LargeBodies]:
    made = LargeBodies(catalog.load(), payloads_of(), seed=SEED)
    yield made
    made.close()


async def test_payloads_are_those_of_a_small_body(bodies: LargeBodies) -> None:
    """The same bytes, number by number; a call that sets values is read for what else it says."""
    trigger = await bodies.trigger(SET)
    here = payloads_of()
    wanted = [here.changed(here.build("SaleCreated", 5 + n, at=9_000 + n), {"comment": "mine"}) for n in range(12)]
    assert wanted == await trigger.make(5, 12, 9_000)
    assert max(len(item.body) for item in wanted) == await trigger.largest(5, 12, 9_000)
    assert ("SaleCreated", 3, Content.SET) == (trigger.call.event, trigger.call.count, trigger.call.content)


async def test_each_occurrence_gets_its_own_values(bodies: LargeBodies) -> None:
    """Also where the call is made in parts: `done` others came before."""
    each = [{"comment": str(number)} for number in range(30)]
    trigger = await bodies.trigger(orjson.dumps({"event": "SaleCreated", "each": each}))
    here = payloads_of()
    wanted = [here.changed(here.build("SaleCreated", 5 + n, at=9_000 + n), each[12 + n]) for n in range(15)]
    assert wanted == await trigger.make(5, 15, 9_000, done=12)
    assert max(len(item.body) for item in wanted) == await trigger.largest(5, 15, 9_000, done=12)
    assert 30 == trigger.call.count


async def test_a_store_that_no_batch_holds(bodies: LargeBodies) -> None:
    """It is none."""
    body = b'{"event": "SaleCreated", "invalid": true, "payload": {"storeId": 18446744073709551615}}'
    made = await (await bodies.trigger(body)).callers()
    assert (b'{"storeId":18446744073709551615}', None) == (made.body, made.store_id)


@pytest.mark.parametrize(
    ("body", "error", "named"),
    [
        (b"{", BadInput, "expected JSON"),
        (b"[]", BadInput, "expected a JSON object"),
        (b"[" * 300 + b"]" * 300, BadInput, "250 deep"),
        (b'{"event": "SaleCreatd"}', UnknownEventType, "did you mean SaleCreated"),
        (b'{"event": "SaleCreated", "payload": {}}', InvalidPayload, "saleId"),
        (b'{"event": "SaleCreated", "count": 0}', BadInput, "count"),
    ],
)
async def test_refusals_come_back_as_they_are(
    bodies: LargeBodies, body: bytes, error: type[BadInput], named: str
) -> None:
    """With their kind, text and fields."""
    with pytest.raises(error, match=named) as refused:
        await bodies.trigger(body)
    assert error is type(refused.value)
    assert refused.value.fields


@pytest.mark.slow
async def test_without_a_process(
    bodies: LargeBodies, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """One that dies is replaced; where none can start, the work is done here. After the end none is started."""
    assert b'{"a":1}' == await bodies.compact(b' {"a": 1} ')
    assert bodies.worker is not None
    first = bodies.worker.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    while not bodies.worker.ended:
        await bodies.compact(b"[]")
    await bodies.compact(b"[]")
    assert first != bodies.worker.pid

    bodies.worker.end()
    monkeypatch.setattr(own_process.sys, "executable", "/nowhere/python")
    assert b"[1]" == await bodies.compact(b"[1 ]")
    assert "could be started that reads large bodies" in caplog.text
    monkeypatch.undo()
    bodies.close()
    monkeypatch.setattr(subprocess, "Popen", None)
    assert b"[2]" == await bodies.compact(b"[2 ]")


@pytest.mark.slow
async def test_types_of_the_users_own(tmp_path: Path) -> None:
    """The process knows the same types, also if their folder has changed since."""
    (tmp_path / "schemas").mkdir()
    schema = tmp_path / "schemas" / "Mine.json"
    schema.write_text('{"type": "object", "required": ["id"]}')
    types = catalog.load(tmp_path)
    bodies = LargeBodies(types, Payloads(types, seed=SEED), seed=SEED)
    schema.unlink()
    try:
        assert ["id"] == [each.path for each in await bodies.problems("mine", b"{}")]
        assert [] == await bodies.problems("mine", b'{"id": 1}')
    finally:
        bodies.close()
