"""The promises of the sender, held by many deliveries at once to a receiver that behaves at random (seeded)."""

import asyncio
from random import Random

import pytest

from frontsim.delivery.send_plan import (
    LOST_RESPONSE,
    RESET_AFTER_SEND,
    WHOLE,
    SendPlan,
    give_up,
    partial_body,
    slow_body,
    slow_headers,
)
from frontsim.domain.model import Outcome
from tests.delivery.peer import OK, Peer, PeerCall, Script, whole_requests
from tests.delivery.sender import PATIENCE_S, Sender

pytestmark = pytest.mark.anyio

PLANS: list[SendPlan] = [
    *[WHOLE] * 12,
    LOST_RESPONSE,
    RESET_AFTER_SEND,
    give_up(after_s=0.01),
    partial_body(),
    slow_body(rate=2000),
    slow_headers(rate=20_000),
]
DELIVERIES = 400
SENDERS = 20


def by_chance(rng: Random) -> Script:
    """Answers mostly; else resets or closes at any stage, answers garbage, closes while idle, or says nothing."""

    async def script(call: PeerCall) -> None:
        done = 0
        while call.end is None:
            fate = rng.random()
            if fate < 0.02:
                call.reset()
            elif fate < 0.04:
                await call.some()
                call.reset()
            await call.requests(done + 1)
            if len(whole_requests(call.received)) == done or call.end is not None:
                return
            done += 1
            fate = rng.random()
            if fate < 0.75:
                await call.send(OK)
            elif fate < 0.8:
                await call.send(OK[: rng.randrange(len(OK))])
                call.reset()
            elif fate < 0.85:
                await call.send(OK[: rng.randrange(len(OK))])
                call.finish()
                return
            elif fate < 0.9:
                await call.send(b"garbage")
            elif fate < 0.95:
                await call.send(OK)
                call.finish()
                return

    return script


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
async def test_nothing_is_sent_twice_and_no_outcome_lies(seed: int) -> None:
    """Each delivery leaves at most once and has one result; *not sent* never arrived, *answered* arrived whole."""
    rng = Random(seed)
    outcomes: dict[int, Outcome] = {}
    async with Peer(by_chance(Random(seed + 1000))) as peer, Sender(timeout_s=0.3) as sender:
        numbers = iter(range(DELIVERIES))

        async def one_after_another() -> None:
            for number in numbers:
                sent = sender.start(peer.url, body=b"<%05d>" % number, plan=rng.choice(PLANS))
                outcomes[number] = (await asyncio.wait_for(sent, PATIENCE_S)).outcome

        await asyncio.gather(*(one_after_another() for _ in range(SENDERS)))
        await sender.webhooks.close(0)
        arrived = [body for call in peer.calls for _, body in whole_requests(call.received)]
        heads = sum(call.received.count(b"POST ") for call in peer.calls)
    assert DELIVERIES == len(outcomes)
    assert len(set(arrived)) == len(arrived), "a delivery arrived twice"
    assert heads <= sum(outcome is not Outcome.NOT_SENT for outcome in outcomes.values())
    for number, outcome in outcomes.items():
        if outcome is Outcome.ANSWERED:
            assert b"<%05d>" % number in arrived
        elif outcome is Outcome.NOT_SENT:
            assert b"<%05d>" % number not in arrived
    assert {Outcome.ANSWERED, Outcome.UNKNOWN} <= set(outcomes.values())
