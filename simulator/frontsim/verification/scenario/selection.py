"""Which event types a run is about, and which entity an event of a type is about."""

import itertools
import logging
from collections.abc import Mapping, Sequence
from copy import copy
from pathlib import Path
from types import MappingProxyType
from typing import Any

import orjson

from frontsim.catalog import Catalog, EventType, contracts_in
from frontsim.errors import BadInput, InvalidPayload, Unusable
from frontsim.schemas.read import Document, Place, document_of
from frontsim.verification.effects import content
from frontsim.verification.effects.history import Entity, StateRow
from frontsim.verification.scenario.scenario import Scenario
from frontsim.verification.scenario.steps import EVENTFUL, Drain, InjectFault, Raise, Reconcile, Step

logger = logging.getLogger(__name__)

_SOME = ("SaleCreated", "StockMovementCreated", "CustomerCreated", "OmniChannelOrderUpdated")
"""The types that "some" stands for when all are chosen: a sale, a movement, a person and an order."""


class Selection:
    """The chosen types.

    Args:
        catalog: all types.
        names: the types that the receiver takes; none means all.
        changes: values by path that the payloads of all types with such a path get.

    Attributes:
        booked: the types that the receiver is known to book so far: "some" and "one" stand for them first.

    Raises:
        UnknownEventType: a name that the catalogue does not know.
        BadInput: a change fits no type, or is of a field by which a run follows its events.
    """

    def __init__(
        self, catalog: Catalog, names: Sequence[str] = (), changes: Mapping[str, Any] = MappingProxyType({})
    ) -> None:
        self._catalog = catalog
        self._chosen = [catalog.find(name).name for name in names] or [each.name for each in catalog]
        self._changes = changes
        self._one = ""
        self.booked: set[str] = set()
        for path in changes:
            self._check_change(path)

    @property
    def catalog(self) -> Catalog:
        """All types, chosen or not."""
        return self._catalog

    def preferring(self, event: str) -> "Selection":
        """The same, with this type as the "one", if it is chosen."""
        found = copy(self)
        found._one = event
        return found

    def only(self, names: Sequence[str]) -> "Selection":
        """The same with fewer types; changes that fit none of these are left out."""
        kinds = [self._catalog.find(name) for name in names]
        changes = {path: value for path, value in self._changes.items() if any(_may_have(kind, path) for kind in kinds)}
        return Selection(self._catalog, names, changes)

    def _check_change(self, path: str) -> None:
        kinds = [kind for kind in map(self._catalog.find, self._chosen) if _may_have(kind, path)]
        if not kinds:
            raise BadInput(
                f"--set {path}: expected a path in the payload of a type that is played; no such type has it"
            )
        for kind in kinds:
            if path in (kind.identity, *kind.version, *kind.since):
                raise BadInput(
                    f"--set {path}: expected a field that a run does not need for itself, got one by which it tells "
                    f"the events of {kind.name} apart"
                )
            value = self._changes[path]
            forms = (value, str(value)) if type(value) is int else (value,)  # a field of text takes digits as text
            if all(document_of(kind.schema).allows(path, form) is False for form in forms):
                raise BadInput(
                    f"--set {path}: expected a value that the schema of {kind.name} allows, got {value!r}; "
                    f"`frontsim schema {kind.name}` shows it"
                )

    def missing(self, events: str | Sequence[str]) -> list[str]:
        """The types that a step names and --events leaves out. Raises UnknownEventType."""
        return [name for name in self._named(events) if name not in self._chosen]

    def _named(self, events: str | Sequence[str]) -> list[str]:
        return self.types(events) if isinstance(events, str) else [self._catalog.find(name).name for name in events]

    def mismatch(self, step: Step) -> str:
        """Which key of a step does not fit the event types, as `key: expected ..., got ...`; "" when all fit."""
        try:
            if isinstance(step, InjectFault) and "event" in step.match:
                self._catalog.find(step.match["event"])
            if isinstance(step, EVENTFUL):
                self.types(step.events)
        except BadInput as error:
            return f"{'match.event' if isinstance(step, InjectFault) else 'events'}: {error}"
        return self._payload_mismatch(step) if isinstance(step, Raise) else ""

    def _payload_mismatch(self, step: Raise) -> str:
        kinds = [self._catalog.find(name) for name in self._named(step.events)]
        for kind in kinds:
            if kind.is_replaced:  # our scenarios are written for our schemas; `fitting` leaves out what does not fit
                continue
            for key, paths in (("set", step.set), ("grow", step.grow)):
                if wrong := [path for path in paths if not step.payload and not _may_have(kind, path)]:
                    return f"{key}: expected a path in the payload of {kind.name}, got {wrong[0]!r}"
            if step.payload and not step.set and not step.invalid:
                try:
                    self._catalog.check(kind.name, orjson.dumps(step.payload))
                except InvalidPayload as error:
                    return f"payload: {error}"
        nowhere = [path for path in step.keep if not any(kind.is_replaced or _may_have(kind, path) for kind in kinds)]
        return f"keep: expected a path in a payload, got {nowhere[0]!r}" if nowhere else ""

    def types(self, events: str | Sequence[str]) -> list[str]:
        """The chosen types that `all`, `some`, `one` or a list stands for; the one needs no past, if any needs none."""
        if events == "all":
            return list(self._chosen)
        if events == "some":
            some = [name for name in _SOME if name in self._chosen] or self._chosen[: len(_SOME)]
            booked = [name for name in self._chosen if name in self.booked]
            return some if self.booked.intersection(some) else [*booked, *some][: len(_SOME)]
        if events == "one" and self._one in self._chosen:
            return [self._one]
        if events == "one":
            some = sorted(self.types("some"), key=lambda name: name not in self.booked)
            return [name for name in some if self.past(name) is None][:1] or some[:1]
        return [name for name in self._named(events) if name in self._chosen]

    def fitting(self, event: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """The values by path that an event gets: the user's changes, and those that a step sets.

        A step's value counts more, but is left out where a user's schema of a bundled type does not allow it.
        """
        kind = self._catalog.find(event)
        changes = {path: value for path, value in self._changes.items() if _may_have(kind, path)}
        if kind.is_replaced:
            document = document_of(kind.schema)
            values = {path: value for path, value in values.items() if document.allows(path, value)}
        return {**changes, **values}

    def fresh(self, event: str, number: int) -> dict[str, Any]:
        """The identity that makes an event of a type one about a new entity, by its path; {} where that is not known.

        `number` is one that no other entity has. A user's schema may want a text: then it is the number's digits, or a
        GUID with them.
        """
        kind = self._catalog.find(event)
        document = document_of(kind.schema)
        if "." in kind.identity or kind.identity not in document.fields(document.top):
            return {}
        longest = document.merged(document.fields(document.top)[kind.identity]).get("maxLength", len(str(number)))
        values = (number, str(number), str(number)[-longest:], f"00000000-0000-4000-8000-{number:012d}")
        return next(({kind.identity: each} for each in values if document.allows(kind.identity, each)), {})

    def datetime_fields(self, event: str) -> list[str]:
        """The top-level date-time fields of a type that are never null."""
        document = document_of(self.schema(event))
        return [name for name, place in document.fields(document.top).items() if _is_moment(document, place)]

    def entity(self, event: str, payload: Any) -> Entity | None:
        """The entity that an event is about; None where the catalogue or the payload does not say."""
        kind = self._catalog.find(event)
        value = content.normalised(content.find(payload, kind.identity)) if kind.identity else None
        return Entity(kind.identity, value, _version(kind, payload)) if value is not None else None

    def schema(self, event: str) -> Mapping[str, Any]:
        """The schema of a type."""
        return self._catalog.find(event).schema

    def past(self, event: str) -> EventType | None:
        """The type by which the receiver first hears of the same entity; None where none is needed or chosen."""
        past = self._catalog.find(event).past
        return self._catalog.find(past) if past in self._chosen else None

    def happens_once(self, event: str) -> bool:
        """Events of the type report something that happens once, and no state that a newer one replaces."""
        kind = self._catalog.find(event)
        return not kind.state and not kind.past

    def kept(self, event: str) -> Sequence[str]:
        """The paths that an event of a type has in common with its past."""
        return self._catalog.find(event).keep

    def state(self, event: str, payload: Any) -> StateRow | None:
        """Finds the row whose newest state an event gives; None where the catalogue or the payload does not say."""
        kind = self._catalog.find(event)
        row = [content.normalised(content.find(payload, path)) for path in kind.state]
        if not any(row):
            return None
        since = (content.find(payload, path) for path in kind.since)
        return StateRow(" ".join(kind.state), " ".join(map(str, row)), next((str(each) for each in since if each), ""))


def _may_have(kind: EventType, path: str) -> bool:
    """Decides whether a type's schema allows something at a path; True where that cannot be told."""
    return document_of(kind.schema).at(path) != []


def _is_moment(document: Document, place: Place) -> bool:
    """Decides whether a field is a date-time that is never null.

    The bundled schemas refer to one definition of a date-time; a user's own may give the format.
    """
    said = document.said(place)
    is_moment = any(each.schema.get("format") == "date-time" or each.pointer.endswith("/dateTime") for each in said)
    return is_moment and document.merged(place).get("type") == "string"


def _version(kind: EventType, payload: Any) -> tuple[tuple[str, str], ...]:
    values = [(path, content.normalised(content.find(payload, path))) for path in kind.version]
    return tuple((path, value) for path, value in values if value is not None)


def drift_scenarios(selection: Selection, folder: Path, *, first: int) -> list[Scenario]:
    """A scenario for each change that a folder of newer schemas makes to the types; what no payload shows is warned of.

    Args:
        selection: the types that the receiver takes, as it was built for them.
        folder: the newer schemas.
        first: the number of the first payload, so that each is about a thing of its own.

    Raises:
        Unusable: the folder holds no schemas, or no change that a receiver can meet.
    """
    # Few runs play drift, and to draw payloads takes modules that the others need not load.
    from frontsim.payloads.making.factory import Payloads  # noqa: PLC0415
    from frontsim.records.drift import drifted_payloads  # noqa: PLC0415

    payloads, numbers = Payloads(selection.catalog, seed=1, profile="strict"), itertools.count(first)
    chosen = {name.lower(): selection.catalog.find(name) for name in selection.types("all")}
    newer = {each.name.lower(): each.schema for each in contracts_in(folder) if each.name.lower() in chosen}
    before = {chosen[name].name: chosen[name].schema for name in newer}
    after = {chosen[name].name: schema for name, schema in newer.items()}
    drifted, not_shown = drifted_payloads(
        before, after, lambda event: orjson.loads(payloads.build(event, next(numbers)).body)
    )
    for change in not_shown:
        logger.warning("%s %s: %s is not played: no payload shows it", change.event, change.path, change.change)
    if not drifted:
        raise Unusable(f"--drift {folder}: expected schemas with a change that a receiver can meet, got none")
    return [
        Scenario(
            name=each.name,
            breaks=each.sentence,
            holds="The event is acknowledged and booked exactly once.",
            steps=(Raise(events=[each.change.event], payload=each.payload, invalid=True), Drain(), Reconcile()),
            order=place,
        )
        for place, each in enumerate(drifted)
    ]
