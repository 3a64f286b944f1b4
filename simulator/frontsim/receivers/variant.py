"""A receiver with its name and what `verify` must find in it."""

from collections.abc import Mapping
from dataclasses import dataclass

from frontsim.receivers.reference import Receiver


@dataclass(frozen=True, slots=True)
class Variant:
    """One receiver.

    `bug` says in a sentence what is wrong with it (of a right one: how it differs). Each of `scenarios` must find the
    bug, with at least one of the classes `expected`. With `needs_process_control` those scenarios kill and restart
    the receiver; `days` is how far its clock must be moved on (`--time-travel`). `state` is the
    path at which it shows what it derives from the events, for `--observe-state`: /levels or /customers.
    """

    name: str
    receiver: type[Receiver]
    bug: str
    expected: frozenset[str] = frozenset()
    scenarios: tuple[str, ...] = ()
    needs_process_control: bool = False
    days: int = 0
    state: str = ""


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
