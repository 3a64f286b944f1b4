"""Fields of a request, read as the type that they must have, with every problem collected before any is told."""

from collections.abc import Mapping
from typing import Any

from frontsim.api.responses import json_type
from frontsim.domain.model import Occurrence
from frontsim.errors import BadInput
from frontsim.validation import MOST_NAMES, shown

INT32 = 2**31


def with_known_store(occurrence: Occurrence) -> Occurrence:
    """The occurrence, without its store if no 32 bits hold it: a payload that is invalid on purpose may name one."""
    store_id = occurrence.store_id
    return occurrence if store_id is None or -INT32 <= store_id < INT32 else occurrence._replace(store_id=None)


class Fields:
    """The fields of one JSON object; names match in any case, as ASP.NET Core matches them (inferred).

    Each reading method returns None where the field is missing, null or wrong; `check` then refuses all that
    was wrong in one answer.
    """

    def __init__(self, value: Mapping[str, Any]) -> None:
        self._values = {name.lower(): item for name, item in value.items()}
        self._names = list(value)
        self.problems: dict[str, list[str]] = {}

    def has(self, name: str) -> bool:
        """Whether the field is there, be it null."""
        return name.lower() in self._values

    def raw(self, name: str) -> Any:
        """The field as it came."""
        return self._values.get(name.lower())

    def refuse(self, name: str, expected: str) -> None:
        """Note that a field is wrong."""
        got = self.raw(name)
        text = (
            repr(got[:100]) if isinstance(got, str) else shown(got) if isinstance(got, int | float) else json_type(got)
        )
        self.problems.setdefault(name, []).append(f"expected {expected}, got {text if self.has(name) else 'nothing'}")

    def text(self, name: str, expected: str, *, required: bool = False) -> str | None:
        """A string that is not empty."""
        value = self.raw(name)
        if isinstance(value, str) and value.strip():
            return value
        if required or value is not None:
            self.refuse(name, expected)
        return None

    def whole(self, name: str, *, least: int, most: int) -> int | None:
        """A whole number, bounds included."""
        value = self.raw(name)
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        if value is not None:
            self.refuse(name, f"a whole number from {least:,} to {most:,}")
        return None

    def number(self, name: str, *, least: float, most: float) -> float | None:
        """A number, bounds included."""
        value = self.raw(name)
        if isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most:
            return value
        if value is not None:
            self.refuse(name, f"a number from {least:,} to {most:,}")
        return None

    def flag(self, name: str) -> bool:
        """True or false; false where it is missing."""
        value = self.raw(name)
        if isinstance(value, bool):
            return value
        if value is not None:
            self.refuse(name, "true or false")
        return False

    def mapping(self, name: str) -> Mapping[str, Any] | None:
        """An object."""
        value = self.raw(name)
        if isinstance(value, dict):
            return value
        if value is not None:
            self.refuse(name, "an object")
        return None

    def only(self, *names: str) -> None:
        """Refuse every field that is none of these."""
        known = {name.lower() for name in names}
        others = [name for name in self._names if name.lower() not in known]
        takes = f"expected one of {', '.join(names)}"
        for name in others[:MOST_NAMES]:
            self.problems.setdefault(name[:100], []).append(f"{takes}, got the name {name[:100]!r}")
        if len(others) > MOST_NAMES:
            self.problems.setdefault("", []).append(f"{takes}, got {len(others) - MOST_NAMES:,} more names")

    def check(self) -> None:
        """Raises BadInput if anything was wrong."""
        if self.problems:
            story = "; ".join(f"{name}: {text}" for name, texts in self.problems.items() for text in texts)
            raise BadInput(story, self.problems)
