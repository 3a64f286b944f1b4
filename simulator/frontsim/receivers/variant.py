"""A receiver with its name, and what must be found out about it."""

from collections.abc import Mapping
from dataclasses import dataclass

from frontsim.receivers.reference import Receiver


@dataclass(frozen=True, slots=True)
class Variant:
    """One receiver.

    `bug` says in a sentence what is wrong with it (of a right one: what sets it apart). A broken one must be
    found out in each of `scenarios`, with one of the classes `expected` (DESIGN section 8) at least;
    `needs_process_control` where that takes killing and restarting it.
    """

    name: str
    receiver: type[Receiver]
    bug: str
    expected: frozenset[str] = frozenset()
    scenarios: tuple[str, ...] = ()
    needs_process_control: bool = False


def by_name(*variants: Variant) -> Mapping[str, Variant]:
    """The variants by name.

    Raises:
        ValueError: a name comes twice.
    """
    found: dict[str, Variant] = {}
    for each in variants:
        if each.name in found:
            raise ValueError(f"expected each receiver's name once, got {each.name} twice")
        found[each.name] = each
    return found
