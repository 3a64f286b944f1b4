"""Attempts: each ends once, and how far it got decides between *not sent* and *unknown*."""

import asyncio

import pytest

from frontsim.delivery.in_flight import Attempt, InFlight
from frontsim.delivery.send_plan import WHOLE, Barrier, held
from frontsim.domain.model import Outcome, Result, StatusText
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.anyio


def attempt(in_flight: InFlight, results: list[Result], *, begun: bool = False) -> Attempt:
    made = Attempt(in_flight, b"head", b"body", WHOLE, results.append)
    made.begun = begun
    return made


async def test_the_first_end_counts() -> None:
    """A later end changes nothing."""
    results: list[Result] = []
    in_flight = InFlight(PATIENCE_S)
    made = attempt(in_flight, results, begun=True)
    assert 1 == len(in_flight)
    made.answer(204, b"", b"head")
    made.fail(StatusText.TIMEOUT)
    made.answer(500, b"late")
    assert [(Outcome.ANSWERED, 204)] == [(result.outcome, result.status_code) for result in results]
    assert 0 == len(in_flight)


@pytest.mark.parametrize(("begun", "outcome"), [(False, Outcome.NOT_SENT), (True, Outcome.UNKNOWN)])
async def test_a_failure_is_not_sent_until_the_first_byte(begun: bool, outcome: Outcome) -> None:
    """And what works for the attempt is torn down, before its result is told."""
    results: list[Result] = []
    torn_down: list[int] = []
    made = attempt(InFlight(PATIENCE_S), results, begun=begun)
    made.abandon = lambda: torn_down.append(len(results))
    made.fail(StatusText.CONNECTION_RESET)
    assert ([0], [(outcome, "Connection reset", None)]) == (
        torn_down,
        [(result.outcome, result.status, result.status_code) for result in results],
    )


@pytest.mark.parametrize(("begun", "status"), [(False, "Connect timeout"), (True, "Timeout")])
async def test_its_time_runs_out(begun: bool, status: str) -> None:
    ended: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
    made = Attempt(InFlight(0.01), b"", b"", WHOLE, ended.set_result)
    made.begun = begun
    assert status == (await asyncio.wait_for(ended, PATIENCE_S)).status


async def test_suspended_it_has_no_time_limit_until_it_is_restarted() -> None:
    """A sender that paces the bytes limits it meanwhile; another attempt's time goes on."""
    results: list[Result] = []
    in_flight = InFlight(0.01)
    made = attempt(in_flight, results, begun=True)
    in_flight.suspend(made)
    ended: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
    Attempt(in_flight, b"", b"", WHOLE, ended.set_result)
    await asyncio.wait_for(ended, PATIENCE_S)
    assert (1, []) == (len(in_flight), results)
    in_flight.restart(made)
    await asyncio.wait_for(in_flight.drained(PATIENCE_S), PATIENCE_S)
    assert ["Timeout"] == [result.status for result in results]


async def test_those_that_have_not_begun_are_recalled() -> None:
    results: list[Result] = []
    in_flight = InFlight(PATIENCE_S)
    attempt(in_flight, results)
    begun = attempt(in_flight, results, begun=True)
    in_flight.recall()
    assert (["Not sent"], 1) == ([result.status for result in results], len(in_flight))
    begun.answer(200, b"")
    assert 0 == len(in_flight)


async def test_after_the_grace_the_rest_is_ended() -> None:
    """By how far each got; suspended ones, too."""
    results: list[Result] = []
    in_flight = InFlight(PATIENCE_S)
    attempt(in_flight, results)
    in_flight.suspend(attempt(in_flight, results, begun=True))
    await in_flight.drained(0)
    assert [(Outcome.NOT_SENT, "Not sent"), (Outcome.UNKNOWN, "Unknown")] == [
        (result.outcome, result.status) for result in results
    ]


async def test_one_that_fails_holds_up_no_other_at_the_barrier() -> None:
    barrier = Barrier(2)
    through = asyncio.Event()
    made = Attempt(InFlight(PATIENCE_S), b"", b"", held(barrier), lambda _: None)
    barrier.wait("other", through.set)
    made.fail(StatusText.CONNECTION_RESET)
    await asyncio.wait_for(through.wait(), PATIENCE_S)
