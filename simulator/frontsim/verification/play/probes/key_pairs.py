"""The two deliveries of each pair that the key probe sends: the second differs from the first in exactly one thing.

Pure: leased deliveries come in, and deliveries to be sent go out. Each is about an entity and a different moment,
unless the pair is about having one in common.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import orjson

from frontsim.client.leases import LeasedDelivery
from frontsim.verification.facts.fingerprint import KeyPair

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
    """Whether the two deliveries of a pair are of two events."""
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
