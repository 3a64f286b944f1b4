"""A span of time as people type it: `60`, `60s`, `5m`, `2h`, `8d`."""

import re

import click

_SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*([smhd]?)")
_UNITS_S = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}


class Duration(click.ParamType):  # type: ignore[type-arg]  # click 8.3 made it generic, older ones are not
    """Seconds.

    Args:
        most_s: the longest that makes sense.
    """

    name = "duration"

    def __init__(self, *, most_s: float) -> None:
        self._most_s = most_s

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        found = _SPAN.fullmatch(str(value).strip().lower())
        seconds = float(found[1]) * _UNITS_S[found[2]] if found else -1.0
        if not 0 <= seconds <= self._most_s:
            self.fail(
                f"expected a time such as 60, 60s, 5m, 2h or 8d, up to {self._most_s:.0f} s, got {value!r}", param, ctx
            )
        return seconds
