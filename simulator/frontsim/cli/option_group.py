"""Options that several commands share, or that belong together, given to a command as one decorator."""

from collections.abc import Callable
from typing import Any

import click

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def option_group(*options: Decorator) -> Decorator:
    """Gives a command these options; its help lists them in this order."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def seconds_option(
    flag: str, name: str, *, least: float, most: float, default: float | None = None, help_text: str
) -> Decorator:
    """An option that takes seconds, bounds included; its name in the command is `name`, which ends in `_s`."""
    return click.option(
        flag,
        name,
        type=click.FloatRange(least, most),
        default=default,
        show_default=default is not None,
        metavar="SECONDS",
        help=help_text,
    )
