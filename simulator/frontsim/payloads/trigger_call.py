"""The body of `POST /_sim/trigger`: what a caller wants raised, checked field by field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from frontsim.catalog import Catalog
from frontsim.domain.model import Occurrence
from frontsim.domain.store_id import read_store_id
from frontsim.payloads.factory import Payloads
from frontsim.payloads.profiles import PROFILES
from frontsim.payloads.values.moments import Ticks
from frontsim.user_input.fields import Fields, shown_briefly

MOST_AT_ONCE = 100_000
"""Occurrences that one call may raise."""


class Content(StrEnum):
    """Whose values the payloads of a call hold."""

    OURS = "ours"
    SET = "set"
    """Ours, with some values of the caller's, so that each number has its own payload."""
    CALLERS = "callers"
    """One payload of the caller's, with or without `set`, for every number."""


@dataclass(frozen=True, slots=True)
class TriggerCall:
    """A call whose fields are right; whether its payloads can be made is known only when they are.

    `each` has further values for each occurrence, none where all get the same.
    """

    event: str
    count: int
    store_id: int | None
    profile: str | None
    content: Content
    set_: Mapping[str, Any]
    payload: Mapping[str, Any] | None
    invalid: bool
    each: Sequence[Mapping[str, Any]] = ()

    def make(self, payloads: Payloads, number: int, at: Ticks | None, *, place: int = 0) -> Occurrence:
        """The payload of a number with the caller's values, with the errors of `Payloads`.

        `place`: which of the call's occurrences it is, from 0.
        """
        if self.payload is not None:
            return payloads.given(
                self.event, self.payload, store_id=self.store_id, set_=self.set_, invalid=self.invalid
            )
        built = payloads.build(self.event, number, store_id=self.store_id, at=at, profile=self.profile)
        set_ = {**self.set_, **self.each[place]} if self.each else self.set_
        return payloads.changed(built, set_, invalid=self.invalid)


def read_trigger_call(value: Mapping[str, Any], catalog: Catalog) -> TriggerCall:
    """Read the JSON object of a call. Raises BadInput, UnknownEventType."""
    fields = Fields(value, any_case=True)
    fields.only("event", "count", "storeId", "set", "each", "payload", "invalid", "payloads")
    event = fields.text("event", "the name of an event type", required=True)
    count = fields.whole("count", least=1, most=MOST_AT_ONCE) or 1
    store_id = read_store_id(fields)
    set_, payload, invalid = fields.mapping("set") or {}, fields.mapping("payload"), bool(fields.flag("invalid"))
    profile, each = fields.choice("payloads", PROFILES), _each(fields)
    fields.check()
    content = Content.CALLERS if payload is not None else Content.SET if set_ or each else Content.OURS
    return TriggerCall(
        catalog.find(event or "").name, len(each) or count, store_id, profile, content, set_, payload, invalid, each
    )


def _each(fields: Fields) -> Sequence[Mapping[str, Any]]:
    """The values of each occurrence; their number is the call's count."""
    each = fields.items("each", "an array of objects, one for each occurrence")
    if each is None:
        return ()
    if not 1 <= len(each) <= MOST_AT_ONCE:
        fields.note("each", f"expected 1 to {MOST_AT_ONCE:,} objects, got {len(each):,}")
    if wrong := [place for place, values in enumerate(each) if not isinstance(values, Mapping)]:
        fields.note(f"each[{wrong[0]}]", f"expected an object, got {shown_briefly(each[wrong[0]])}")
    if fields.raw("count") not in (None, len(each)):
        fields.note("count", f"expected no count beside each, or {len(each):,}, got {fields.got('count')}")
    if fields.raw("payload") is not None:
        fields.note("payload", "expected no payload beside each: it holds values for generated payloads")
    return each
