"""Payloads of every type, each decided by (seed, type, number) alone.

    number -> Dice(seed, what it is about, number) -> the family's `draw_...` -> JSON

The types that tell of one thing share its number: order 7 is in the Updated, the Fulfilled and the
RefundUpdated of number 7, as transfer 7 is in its Created and Received. Numbers repeat from `LIVE` on, as ids
of 32 bits must.
"""

import json
import random
from collections.abc import Mapping
from hashlib import blake2b
from types import MappingProxyType

import orjson

from frontsim.catalog import Catalog, EventType
from frontsim.domain.model import Occurrence
from frontsim.errors import BadInput
from frontsim.payloads.documents.builders import BUILDERS, occurrence
from frontsim.payloads.master_data.world import World
from frontsim.payloads.overrides import found, not_json, overridden
from frontsim.payloads.schema.generator import Generator


class Payloads:
    """The payloads of a seed.

    Args:
        catalog: which types there are; types of the user's own are made from their schemas.
        seed: everything follows from it.
    """

    def __init__(self, catalog: Catalog, *, seed: int) -> None:
        self._catalog = catalog
        self._seed = seed
        self._world = World(seed)
        self._generators: dict[str, Generator] = {}

    @property
    def world(self) -> World:
        """The shop world of the seed."""
        return self._world

    def build(self, event: str, number: int, *, store_id: int | None = None) -> Occurrence:
        """Payload `number` of a type; the same bytes every time, on any machine.

        Args:
            event: a type's name, in any case.
            number: from 0.
            store_id: make it about that store; one that the world does not know is made up around its id.

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
            kind = self._catalog.find(event)
            if kind.name not in BUILDERS:
                return self._from_schema(kind, number, store_id)
            event = kind.name
        return occurrence(self._world, event, number, store_id)

    def custom(
        self,
        event: str,
        number: int,
        *,
        store_id: int | None = None,
        set_: Mapping[str, object] = MappingProxyType({}),
        payload: Mapping[str, object] | None = None,
        invalid: bool = False,
    ) -> Occurrence:
        """Payload `number`, or the user's own, with values overridden by path.

        Args:
            event: a type's name.
            number: as for `build`.
            store_id: as for `build`; it is not put into a payload of the user's own.
            set_: values by path: `total`, `salesLines[0].price`, `salesLines.0.price`.
            payload: the whole payload, instead of one of ours.
            invalid: let it through even if it breaks the type's schema.

        Raises:
            UnknownEventType: no such type.
            BadInput: a path is not in the payload (the text names the nearest part that is), or JSON cannot
                hold a value.
            InvalidPayload: the result breaks the schema, and `invalid` is not given.
        """
        kind = self._catalog.find(event)
        value: object
        if payload is None:
            built = self.build(kind.name, number, store_id=store_id)
            value, store_id = orjson.loads(built.body), built.store_id
        else:
            value = dict(payload)
            wrong = not_json(value)
            if wrong is not None:
                raise BadInput(wrong, {"": [wrong]})
        value = overridden(value, set_)
        try:
            body = orjson.dumps(value)
        except TypeError as error:  # each value can be written, but not as deep as it is put
            wrong = f"expected a payload that JSON can hold: {error}"
            raise BadInput(wrong, {"set": [wrong]}) from error
        if not invalid:
            self._catalog.check(kind.name, body)
        return Occurrence(kind.name, body, _shown_store(value, kind.store, store_id))

    def _from_schema(self, kind: EventType, number: int, store_id: int | None) -> Occurrence:
        key = blake2b(f"{self._seed}/{kind.name}/{number}".encode(), digest_size=16).digest()
        generator = self._generators.get(kind.name)
        if generator is None:
            generator = self._generators[kind.name] = Generator(kind.schema)
        made = generator.draw(random.Random(int.from_bytes(key, "little")))  # noqa: S311 - fake data
        if store_id is not None and kind.store is not None and found(made, kind.store) is not None:
            made = overridden(made, {kind.store: store_id})
            self._catalog.check(kind.name, _serialised(made))
        return Occurrence(kind.name, _serialised(made), _shown_store(made, kind.store, store_id))


def _serialised(value: object) -> bytes:
    """JSON; a user's schema may ask for numbers that orjson does not write, of more than 64 bits."""
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()


def _shown_store(value: object, field: str | None, otherwise: int | None) -> int | None:
    """The store that a payload names in its store field; what we know otherwise, where it has no such field."""
    shown = None if field is None else found(value, field)
    if shown is None:
        return otherwise
    return shown[0] if isinstance(shown[0], int) and not isinstance(shown[0], bool) else None
