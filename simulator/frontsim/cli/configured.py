"""What the configuration file says, as defaults of a command's options: they rank behind flags and the environment."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import click

from frontsim.errors import BadInput
from frontsim.user_input.configuration import Configuration, in_folder_of
from frontsim.user_input.near import near

Known = Callable[[], set[str]]
"""Gives the names of the options of all commands; it loads them, so it is called only where it must be."""


def defaults(configuration: Configuration, command: click.Command, *words: str, known: Known) -> dict[str, Any]:
    """A default map for a command: by the name of the parameter; by the name of the command for those of a group.

    Raises:
        BadInput: the file has a key that is not an option.
    """
    if configuration.file is None:
        return {}
    if isinstance(command, click.Group):
        return {
            name: defaults(configuration, each, *words, name, known=known) for name, each in command.commands.items()
        }
    given = configuration.for_command(*words)
    options = options_of(command)
    _refuse_unknown(configuration, [name for name in given if name not in options], words, known)
    return {
        option.name: _value(configuration, option, given[name])
        for name, option in options.items()
        if name in given and option.name
    }


def options_of(command: click.Command) -> dict[str, click.Option]:
    """A command's options by their long name, without the dashes."""
    found: dict[str, click.Option] = {}
    for option in command.params:
        if isinstance(option, click.Option):
            found |= {name.removeprefix("--"): option for name in option.opts if name.startswith("--")}
    return found


def _refuse_unknown(configuration: Configuration, names: Iterable[str], words: tuple[str, ...], known: Known) -> None:
    """A key at the top may belong to another command; a key of the command's own table may not."""
    table: Mapping[str, Any] = configuration.values
    for word in words:
        table = table.get(word, {})
    for name in names:
        everywhere = known()
        if name in table or name not in everywhere:
            hint = near(name, everywhere)
            raise BadInput(f"{configuration.file}: expected the name of an option, got {name!r}{hint}")


def _value(configuration: Configuration, option: click.Option, value: Any) -> Any:
    if isinstance(value, list) and not option.multiple and option.nargs == 1:
        return ",".join(map(str, value))
    if isinstance(option.type, click.Path) and isinstance(value, str) and value != "-":
        return in_folder_of(configuration, value)
    return value
