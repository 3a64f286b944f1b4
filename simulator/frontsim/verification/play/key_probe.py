"""Finds the receiver's key, by pairs of deliveries that differ in one thing.

Pure: leased deliveries come in, and deliveries to be sent go out. Each is about an entity and a different moment,
unless the pair is about having one in common.

after the first scenario      lease -> send the first of each pair -> send the second of each, each with a control
    at the end of the run         one look at what was booked -> Fingerprint

Deliveries are sent one by one: a receiver that loses or doubles events under load would seem to have another key.
The log has one delivery for each leased event. The second delivery of a pair is a copy of it, as the fault `duplicate`
sends copies, or another leased event with the first one's bytes. By the end of the run the effects have settled long
since, so that the probe costs no further wait.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from threading import Lock
from typing import Any
from uuid import uuid4

import orjson

from frontsim.client.control import STRICT, DeliveryReport, LeasedDelivery
from frontsim.client.errors import CallError
from frontsim.clock import stopwatch
from frontsim.domain.model import Outcome
from frontsim.verification.effects import content
from frontsim.verification.effects.correlate import BUSINESS
from frontsim.verification.effects.history import Entity, EventFact, Expect, History
from frontsim.verification.effects.observers import ObserverFailed
from frontsim.verification.effects.settle import EffectReader, Settled
from frontsim.verification.judge.fingerprint import Fingerprint, KeyPair, PairSent, fingerprint, memory
from frontsim.verification.patience import AGAIN_S, ONE_LOOK
from frontsim.verification.play.harness import Harness
from frontsim.verification.play.kills import SendResult, send
from frontsim.verification.scenario.steps import CrashPoint

_TWO_IDS = frozenset(
    {
        KeyPair.SAME_BYTES,
        KeyPair.ENTITY,
        KeyPair.CONTENT,
        KeyPair.MOMENT,
        KeyPair.ALIKE,
        KeyPair.WEBHOOK,
        KeyPair.VERSION,
    }
)


@dataclass(frozen=True, slots=True)
class Shot:
    """A delivery as it is sent, and what it is about: the value of its identity, and its date-times."""

    delivery: LeasedDelivery
    entity: object
    moment: str


@dataclass(frozen=True, slots=True)
class Novelties:
    """Entities and moments that nothing else in the run is about.

    `identity` is the field at the payload's top that says what an event is about.
    """

    identity: str
    entities: Iterator[object]
    moments: Iterator[str]

    def first(self, delivery: LeasedDelivery) -> Shot:
        """The delivery about something new, at a different moment."""
        return self.about(delivery, next(self.entities), next(self.moments))

    def second(self, pair: KeyPair, first: Shot, other: LeasedDelivery) -> Shot:
        """The delivery that differs from the first in what the pair is about; `other` has its own id."""
        if pair is KeyPair.MOMENT:
            return self.about(other, next(self.entities), first.moment)
        sent, same = first.delivery, _under_the_id_of(other, first.delivery)
        if pair is KeyPair.SAME_ID:
            return self.about(sent, next(self.entities), next(self.moments))
        if pair is KeyPair.ALIKE:
            return self.about(same, next(self.entities), first.moment)
        if pair in (KeyPair.ENTITY, KeyPair.VERSION):
            return self.about(same, first.entity, next(self.moments))
        return replace(first, delivery=_respelled(pair, sent, same))

    def about(self, delivery: LeasedDelivery, entity: object, moment: str) -> Shot:
        """The delivery about that entity at that moment, wherever in the body its payload stands."""
        value = orjson.loads(delivery.body)
        payload = _object_with(self.identity, value)
        payload.update({name: moment for name, each in payload.items() if name.endswith("DateTime") and each})
        payload[self.identity] = entity
        return Shot(replace(delivery, body=orjson.dumps(value)), entity, moment)


def has_two_ids(pair: KeyPair) -> bool:
    """A pair has two ids if its deliveries are of two events."""
    return pair in _TWO_IDS


def moments_before(now: datetime) -> Iterator[str]:
    """Moments of an hour ago, a second apart: no event of a scenario happens then."""
    moment = now - timedelta(hours=1)
    while True:
        yield moment.isoformat(timespec="milliseconds")
        moment -= timedelta(seconds=1)


def _respelled(pair: KeyPair, sent: LeasedDelivery, same: LeasedDelivery) -> LeasedDelivery:
    """The first delivery's content once more: `sent` has its id, `same` another."""
    event_id = sent.webhook_event_id
    match pair:
        case KeyPair.SPACED:
            return _spaced(sent)
        case KeyPair.CONTENT:
            return _spaced(same)
        case KeyPair.CASE:
            return _renamed(sent, event_id, event_id.upper())
        case KeyPair.DASHES:
            return _renamed(sent, event_id, event_id.replace("-", ""))
        case KeyPair.WEBHOOK:
            return _renamed(same, sent.webhook_id, str(uuid4()))
        case KeyPair.SAME_BYTES:
            return same
        case _:
            return sent


def _under_the_id_of(other: LeasedDelivery, sent: LeasedDelivery) -> LeasedDelivery:
    """The content of one delivery under the id of another."""
    body = sent.body.replace(sent.webhook_event_id.encode(), other.webhook_event_id.encode())
    return replace(other, body=body)


def _renamed(delivery: LeasedDelivery, old: str, new: str) -> LeasedDelivery:
    """The delivery with another id in its headers, and in its body if the shape puts the id there."""
    headers = {name: value.replace(old, new) for name, value in delivery.headers.items()}
    return replace(delivery, headers=headers, body=delivery.body.replace(old.encode(), new.encode()))


def _spaced(delivery: LeasedDelivery) -> LeasedDelivery:
    return replace(delivery, body=orjson.dumps(orjson.loads(delivery.body), option=orjson.OPT_INDENT_2))


def _object_with(name: str, value: Any) -> dict[str, Any]:
    """The outermost object that has the field; a new one without."""
    waiting = [value]
    for each in waiting:
        if isinstance(each, dict) and name in each:
            return each
        inner = each.values() if isinstance(each, dict) else each if isinstance(each, list) else ()
        waiting.extend(inner)
    return {}


logger = logging.getLogger(__name__)

_MOST_TRIES = 6
_BUSY = (429, 503)
"""Statuses of a receiver that has stored nothing; after another error it may have, so that the pair tells nothing."""
_SLOW_MS = 40
_BASIC = (KeyPair.COPY, KeyPair.SAME_BYTES, KeyPair.SPACED, KeyPair.CASE)
"""The pairs for a slow receiver: each costs it a request or two."""
_ALL = (
    *_BASIC,
    KeyPair.DASHES,
    KeyPair.SAME_ID,
    KeyPair.ENTITY,
    KeyPair.CONTENT,
    KeyPair.MOMENT,
    KeyPair.ALIKE,
    KeyPair.WEBHOOK,
)
_CREATION, _UPDATE = "CustomerCreated", "CustomerUpdated"


class KeyProbe:
    """Sends the pairs after the first scenario, and reads the results at the end of the run.

    Attributes:
        found: the fingerprint; until the end it says why nothing is known.
    """

    def __init__(self) -> None:
        self.found = Fingerprint()
        self._lock = Lock()
        self._begun = False
        self._pairs: Sequence[PairSent] = ()
        self._sent_s = 0.0
        self._identity = ""
        self._memory = ""
        self._effects: EffectReader | None = None
        self._harness: Harness | None = None
        self._first_look: Settled | None = None

    @property
    def has_begun(self) -> bool:
        """The probe has sent its events, or found that it cannot."""
        return self._begun

    def send(self, harness: Harness, *, answer_ms: float) -> None:
        """Send the pairs, once in a run; a call that fails leaves the fingerprint unknown.

        `answer_ms`: how long the receiver takes to answer.
        """
        with self._lock:
            if self._begun or harness.given.observer is None:
                return
            self._begun = True
        self.found = Fingerprint(why_unknown="the run ended before its effects were read")
        event = _happening_once(harness)
        if not event:
            self.found = Fingerprint(why_unknown="of the chosen types none happens once and has a known identity")
            return
        self._harness = harness
        self._identity = next(iter(harness.fresh(event)))
        self._effects = EffectReader(harness.given.observer, harness.given.request.observe_key, pause=harness.pause)
        self._effects.take_baseline()
        try:
            self._pairs = _Sending(harness, is_slow=answer_ms > _SLOW_MS).pairs(event)
        except CallError as error:
            logger.warning("what the receiver's key is could not be probed: %s", error)
        harness.know(self._history(harness.given.request.observe_key), shows_singles=False)
        self._sent_s = stopwatch()

    def note_memory(self, history: History, effects: Mapping[str, int]) -> None:
        """Note how long the receiver remembered events in a scenario that tested it."""
        self._memory = memory(history, effects) or self._memory

    def look(self) -> None:
        """Look once before the last looks at the scenarios: `read` need not wait again while they do."""
        if self._pairs and self._effects and not self._were_booked_long_ago():
            self._first_look = self._effects.wait_until_settled(self._history(self._effects.key), ONE_LOOK)

    def read(self) -> None:
        """Look at what was booked, and wait for it only if the run has ended soon after the pairs were sent."""
        if not self._pairs or self._effects is None or self._harness is None:
            return
        limits, history = self._harness.patience.first_wait(), self._history(self._effects.key)
        seen = self._first_look if self._first_look and not self._first_look.failure else None
        try:
            if self._were_booked_long_ago():
                effects = self._effects.read_new()
            else:
                effects = self._effects.wait_until_settled(history, limits, before=seen).effects
        except ObserverFailed as error:
            self.found = Fingerprint(why_unknown=str(error))
            return
        found = fingerprint(self._pairs, effects, key=self._effects.key, identity=self._identity)
        self.found = found.with_memory(self._memory)

    def _were_booked_long_ago(self) -> bool:
        """An effect that is missing now will stay so, and no further one will come."""
        assert self._harness is not None
        return stopwatch() - self._sent_s > self._harness.patience.first_wait().missing_s

    def _history(self, observer_key: str) -> History:
        facts = {id(event): event for pair in self._pairs for event in (pair.first, pair.second)}
        return History("the receiver's key", tuple(facts.values()), observer_key=observer_key)


def _happening_once(harness: Harness) -> str:
    """A type whose events happen once, "" without one: a table of newest states would hide the second of a pair."""
    selection = harness.given.selection
    types = [*selection.types("some"), *selection.types("all")]
    booked = [each for each in types if each in selection.booked] or types
    return next((each for each in booked if harness.fresh(each) and selection.happens_once(each)), "")


class _Sending:
    """Pairs while they are sent to a receiver; a slow one gets fewer."""

    def __init__(self, harness: Harness, *, is_slow: bool) -> None:
        self._harness = harness
        self._is_slow = is_slow
        self._moments = moments_before(harness.now().replace(tzinfo=None))

    def pairs(self, event: str) -> list[PairSent]:
        """Send pairs of a type, and one of versions; gives those of which both were acknowledged. Raises CallError."""
        wanted = _BASIC if self._is_slow else _ALL
        new = self._novelties(event)
        own, others_ids = len(wanted), sum(map(has_two_ids, wanted))
        with self._leased((event, own), (event, own + others_ids)) as leased:
            firsts = {pair: new.first(leased.pop()) for pair in wanted}
            others = {pair: leased.pop() if has_two_ids(pair) else shot.delivery for pair, shot in firsts.items()}
            taken = self._send(list(firsts.values()))
            seconds = {pair: new.second(pair, shot, others[pair]) for pair, shot in firsts.items()}
            controls = [new.first(leased.pop()) for _ in wanted]
            taken_too = self._send([shot for both in zip(seconds.values(), controls, strict=True) for shot in both])
        sent = [self._pair(pair, firsts[pair], seconds[pair]) for pair in wanted]
        found = [each for each, *both in zip(sent, taken, taken_too[::2], strict=True) if all(both)]
        booked = [shot for shot, was_taken in zip(controls, taken_too[1::2], strict=True) if was_taken]
        found += [self._pair(KeyPair.CONTROL, shot, shot) for shot in booked]
        return found + (self._versions() if self._tells_versions() else [])

    def _tells_versions(self) -> bool:
        """The observer can tell a second version from an overwritten row: not with `business`."""
        types = self._harness.given.selection.types("all")
        is_seen = self._harness.given.request.observe_key != BUSINESS
        return is_seen and not self._is_slow and _UPDATE in types and _CREATION in types

    def _versions(self) -> list[PairSent]:
        """Two versions of one customer, who was created before."""
        new = self._novelties(_UPDATE)
        with self._leased((_CREATION, 1), (_UPDATE, 2)) as leased:
            created, one, two = sorted(leased, key=lambda each: each.event)
            past = new.first(created)
            older, newer = sorted((next(self._moments), next(self._moments)))
            first = new.about(one, past.entity, older)
            second = new.about(two, past.entity, newer)
            taken = [all(self._send([each])) for each in (past, first, second)]
        return [self._pair(KeyPair.VERSION, first, second)] if all(taken) else []

    def _novelties(self, event: str) -> Novelties:
        identity = next(iter(self._harness.fresh(event)))
        return Novelties(identity, (self._harness.fresh(event)[identity] for _ in count()), self._moments)

    @contextmanager
    def _leased(self, *numbers: tuple[str, int]) -> Iterator[list[LeasedDelivery]]:
        """Events of our own webhook that we deliver ourselves; the log hears how each ended.

        `numbers`: how many of a type. Ids of one number differ in their last characters only, those of two earlier.

        On a simulator that others use, their webhooks get these events too: those are delivered as they are.
        """
        api, sim, selection = self._harness.api, self._harness.sim, self._harness.given.selection
        webhooks = {event: api.create_webhook(event, self._harness.given.request.receiver).id for event, _ in numbers}
        try:
            leases = [
                sim.lease_event(event, set_=selection.fitting(event, {}), payloads=STRICT, count=number)
                for event, number in numbers
            ]
            self._ended: dict[str, SendResult] = {}
            own = [each for lease in leases for each in lease if each.webhook_id == webhooks[each.event]]
            yield list(own)
            for lease in leases:
                self._know([each for each in lease if each.webhook_event_id not in self._ended])
                reports = [self._report(each) for each in lease]
                sim.report_lease(lease[0].lease_id, reports)
        finally:
            for webhook_id in webhooks.values():
                api.delete_webhook(webhook_id)

    def _know(self, others: Sequence[LeasedDelivery]) -> None:
        """Take events that no pair is of into the account of the run, so that their effects are no stranger's."""
        entity = self._harness.given.selection.entity
        about = [entity(each.event, orjson.loads(each.body)) for each in others]
        facts = [
            EventFact(each.webhook_id, each.webhook_event_id, each.event, (), entity=found)
            for each, found in zip(others, about, strict=True)
        ]
        self._harness.know_probed("key probe", facts)

    def _report(self, delivery: LeasedDelivery) -> DeliveryReport:
        found = self._ended.get(delivery.webhook_event_id) or self._deliver(delivery)
        return DeliveryReport(delivery, found.outcome, found.status_code, 0)

    def _send(self, shots: Sequence[Shot]) -> list[bool]:
        """Send one after another, or at once to a slow receiver; whether each was acknowledged."""
        deliveries = [each.delivery for each in shots]
        results = list((self._harness.pool.map if self._is_slow else map)(self._deliver, deliveries))
        self._ended |= {shot.delivery.webhook_event_id: result for shot, result in zip(shots, results, strict=True)}
        return [result.status_code is not None and 200 <= result.status_code < 300 for result in results]

    def _deliver(self, delivery: LeasedDelivery) -> SendResult:
        """Send it; a receiver that is busy is asked again, as the list -> resend job would."""
        found = SendResult(Outcome.NOT_SENT)
        for _ in range(_MOST_TRIES):
            found = send(delivery, crash_at=CrashPoint.ANSWER_READ, crash=lambda: None, tls=self._harness.given.tls)
            if found.status_code not in _BUSY:
                break
            self._harness.pause(AGAIN_S)
        return found

    def _pair(self, pair: KeyPair, first: Shot, second: Shot) -> PairSent:
        """The pair as facts. Where both have one id, the effects cannot say which of the two they are of."""
        one = self._fact(first, Expect.ONCE)
        has_one_key = first.entity == second.entity or self._harness.given.request.observe_key != BUSINESS
        is_one = has_one_key and not has_two_ids(pair)
        return PairSent(pair, one, one if is_one else self._fact(second, Expect.EITHER))

    def _fact(self, shot: Shot, expect: Expect) -> EventFact:
        sent = shot.delivery
        identity = next(iter(self._harness.fresh(sent.event)))
        entity = Entity(identity, content.normalised(shot.entity) or "")
        return EventFact(sent.webhook_id, sent.webhook_event_id, sent.event, (), expect=expect, entity=entity)
