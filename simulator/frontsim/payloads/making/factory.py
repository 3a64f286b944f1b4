"""Payloads of every type, each decided by (seed, type, number) alone.

    number -> SeededDraws(seed, purpose, number) -> a `draw_...` of `standalone` -> JSON

The types that describe one thing share its number: order 7 is in the Updated, the Fulfilled and the
RefundUpdated of number 7, as transfer 7 is in its Created and Received. Payloads repeat from number
`FIRST_ACT_NUMBER` on, because ids have 32 bits.
"""

import json
import random
from collections.abc import Callable, Mapping
from hashlib import blake2b
from types import MappingProxyType
from typing import TYPE_CHECKING

import orjson

from frontsim.catalog import Catalog, EventType
from frontsim.domain.model import Occurrence
from frontsim.errors import BadInput
from frontsim.payloads.documents.builders import BUILDERS, occurrence, rung_anew
from frontsim.payloads.making.profiles import ADVERSARIAL, RECORDED, STRICT, TYPICAL, Profiles
from frontsim.payloads.world.moments import Ticks
from frontsim.payloads.world.world import World
from frontsim.user_input.fields import digits_as_text, found, not_json, overridden

if TYPE_CHECKING:
    from frontsim.payloads.making.corrections import Corrector
    from frontsim.schemas.draw import Drawer


class Payloads:
    """The payloads of a seed.

    Args:
        catalog: the types; payloads of the user's own types are made from their schemas.
        seed: decides every payload.
        profile: one of `profiles.PROFILES`, or RECORDED.
        recorded: gives the recorded body that stands in for a typical one, with the store that was asked for if one
            was; None where the record has none of its type.
        home: the country of all customers and stores, "" for the chain's own.
    """

    def __init__(
        self,
        catalog: Catalog,
        *,
        seed: int,
        profile: str = TYPICAL,
        recorded: Callable[[Occurrence, int, int | None], Occurrence | None] = lambda *_: None,
        home: str = "",
    ) -> None:
        self._catalog = catalog
        self._seed = seed
        self.profile = profile
        self._recorded = recorded
        self._profiles = Profiles(catalog, seed=seed)
        self._world = World(seed, home=home)
        self._strict_world = self._world.as_strict()
        self._drawers: dict[str, Drawer] = {}
        self._replaced = frozenset(kind.name for kind in catalog if kind.is_replaced)
        self._correctors: dict[str, Corrector] = {}

    @property
    def world(self) -> World:
        """The chain of stores that the payloads are about."""
        return self._world

    def build(
        self,
        event: str,
        number: int,
        *,
        store_id: int | None = None,
        at: Ticks | None = None,
        profile: str | None = None,
    ) -> Occurrence:
        """Payload `number` of a type; the same bytes for the same arguments, on any machine.

        Args:
            event: a type's name, in any case.
            number: from 0.
            store_id: the store that the payload is about; one that the world does not have is made up for its id.
            at: when the event happens, in the vendor's local time; by default the moment of the number on a fixed
                timeline. Payloads of the user's own types ignore it.
            profile: instead of the profile of all payloads. Only without it an adversarial sale may be voided: whether
                a receiver books that is open, so verify, which names its profile, never asks.

        Raises:
            UnknownEventType: no such type.
            BadInput: the number is negative, the store's id has more than 32 bits, or the user's schema cannot be met.
            InvalidPayload: the user's schema does not allow that store.
        """
        if number < 0:
            raise BadInput(f"expected a payload's number from 0 on, got {number}")
        if store_id is not None and not -(2**31) <= store_id < 2**31:
            text = f"expected a store's id of 32 bits, got {store_id}"
            raise BadInput(text, {"storeId": [text]})
        if event not in BUILDERS:
            event = self._catalog.find(event).name
        own, profile = profile is None, self.profile if profile is None else profile
        if event in BUILDERS:
            made = occurrence(self._strict_world if profile == STRICT else self._world, event, number, store_id, at)
            if profile == ADVERSARIAL and own:
                made = rung_anew(self._world, made, number, store_id, at)
        else:
            made = self._from_schema(self._catalog.find(event), number, store_id)
        made = self._corrected(made, number)
        if profile == RECORDED:
            return self._recorded(made, number, store_id) or made
        return made if profile == TYPICAL else self._profiles.apply(profile, made, number)

    def in_profile(self, made: Occurrence, number: int) -> Occurrence:
        """A typical occurrence, in the profile of all payloads, and as a user's schema of its type allows."""
        return self._profiles.apply(self.profile, self._corrected(made, number), number)

    def _corrected(self, made: Occurrence, number: int) -> Occurrence:
        """The occurrence as the user's schema allows it, if one replaces the bundled schema."""
        if made.event not in self._replaced:
            return made
        if made.event not in self._correctors:
            # As for `_drawer`: only a replaced schema needs these modules.
            from frontsim.payloads.making.corrections import Corrector  # noqa: PLC0415

            self._correctors[made.event] = Corrector(self._catalog.find(made.event).schema)
        value = orjson.loads(made.body)
        corrected = self._correctors[made.event].corrected(value, self._rng("corrected", made.event, number))
        return made if corrected is value else made._replace(body=_serialised(corrected))

    def changed(self, built: Occurrence, set_: Mapping[str, object], *, invalid: bool = False) -> Occurrence:
        """A built occurrence with values overridden by path.

        Args:
            built: by `build`.
            set_: values by path: `total`, `salesLines[0].price`, `salesLines.0.price`. A whole number for a field of
                text is taken as its digits, unless `invalid` is given.
            invalid: accept a result that breaks the type's schema.

        Raises:
            BadInput: a path is not in the payload (the text names the nearest part that is), or JSON cannot
                hold a value.
            InvalidPayload: the result breaks the schema, and `invalid` is false.
        """
        return self._overridden(built.event, orjson.loads(built.body), built.store_id, set_, invalid=invalid)

    def given(
        self,
        event: str,
        payload: Mapping[str, object],
        *,
        store_id: int | None = None,
        set_: Mapping[str, object] = MappingProxyType({}),
        invalid: bool = False,
    ) -> Occurrence:
        """An occurrence whose whole payload is the user's; `set_`, `invalid` and the errors are those of `changed`.

        Args:
            event: a type's name.
            payload: nothing is added to it, not even the store.
            store_id: the store that it is about, for a type whose payloads name none.
            set_: values by path.
            invalid: accept a result that breaks the type's schema.

        Raises:
            UnknownEventType: no such type.
        """
        wrong = not_json(dict(payload))
        if wrong is not None:
            raise BadInput(wrong, {"": [wrong]})
        return self._overridden(event, dict(payload), store_id, set_, invalid=invalid)

    def _overridden(
        self, event: str, value: object, store_id: int | None, set_: Mapping[str, object], *, invalid: bool
    ) -> Occurrence:
        kind = self._catalog.find(event)
        value = overridden(value, set_ if invalid else digits_as_text(set_, kind.schema))
        body = _overridden_body(value)
        if not invalid:
            self._catalog.check_value(kind.name, value)
        return Occurrence(kind.name, body, _shown_store(value, kind.store, store_id))

    def _from_schema(self, kind: EventType, number: int, store_id: int | None) -> Occurrence:
        made = self._drawer(kind).draw(self._rng(kind.name, number))
        if store_id is not None and kind.store is not None and found(made, kind.store) is not None:
            made = overridden(made, {kind.store: store_id})
            self._catalog.check(kind.name, _serialised(made))
        return Occurrence(kind.name, _serialised(made), _shown_store(made, kind.store, store_id))

    def _rng(self, *purpose: object) -> random.Random:
        """Random numbers that follow from the seed and a purpose."""
        key = blake2b("/".join(map(str, (self._seed, *purpose))).encode(), digest_size=16).digest()
        return random.Random(int.from_bytes(key, "little"))  # noqa: S311 - fake data

    def _drawer(self, kind: EventType) -> "Drawer":
        if kind.name not in self._drawers:
            # Only the user's own types need these modules: without them a simulator starts faster.
            from frontsim.payloads.making.corrections import PLAUSIBLE  # noqa: PLC0415
            from frontsim.schemas.draw import Drawer  # noqa: PLC0415

            self._drawers[kind.name] = Drawer(kind.schema, PLAUSIBLE)
        return self._drawers[kind.name]


def _overridden_body(value: object) -> bytes:
    """A payload with the user's values as JSON. Raises BadInput."""
    try:
        return orjson.dumps(value)
    except TypeError as error:  # orjson can write each value, but not at the depth where the path puts it
        wrong = f"expected a payload that JSON can hold: {error}"
        raise BadInput(wrong, {"set": [wrong]}) from error


def _serialised(value: object) -> bytes:
    """JSON. A user's schema may ask for integers of more than 64 bits, which orjson does not write."""
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()


def _shown_store(value: object, field: str | None, otherwise: int | None) -> int | None:
    """The store that a payload names in its store field, or `otherwise` if it has no such field."""
    shown = None if field is None else found(value, field)
    if shown is None:
        return otherwise
    return shown[0] if isinstance(shown[0], int) and not isinstance(shown[0], bool) else None
