"""Values drawn from a schema, with the names that payloads have."""

from random import Random
from typing import Any

from frontsim.payloads.making.corrections import PLAUSIBLE
from frontsim.schemas.draw import Drawer, drawer_of


def drawer(schema: Any) -> Drawer:
    return Drawer(schema, PLAUSIBLE)


def drawn(schema: Any, seed: int = 1) -> Any:
    return drawer_of(schema, PLAUSIBLE).draw(Random(seed))
