"""Options that commands share; those that lead to an API stand in `connection`.

`--set total=12.5` is a number, `--set note=hello` a text. Digits are a number, too; a payload's field that takes text
alone takes them as text.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import Field, fields
from pathlib import Path
from typing import Any, BinaryIO
from weakref import WeakKeyDictionary

import click
from click.shell_completion import CompletionItem

from frontsim import bundled, catalog
from frontsim.catalog import Catalog
from frontsim.errors import BadInput
from frontsim.masking import printable
from frontsim.settings import ENVIRONMENT_PREFIX, SettingRule, Settings, of_delivery
from frontsim.user_input.fields import duration_s, read_assignments, read_json, shown_briefly
from frontsim.wording import near

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def option_group(*options: Decorator, heading: str = "") -> Decorator:
    """Gives a command these options; its help lists them in this order, under a heading if it is a `GroupedCommand`."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            command = option(command)
            _headings[command.__click_params__[-1]] = heading  # type: ignore[attr-defined]  # click keeps them there
        return command

    return decorate


_headings: WeakKeyDictionary[click.Parameter, str] = WeakKeyDictionary()


class GroupedCommand(click.Command):
    """A command of many options, which its help lists under the headings of their groups."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The groups in the order of their first options; options without a heading come last."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record:
                groups.setdefault(_headings.get(parameter, ""), []).append(record)
        others = groups.pop("", [])
        for heading, records in [*groups.items(), ("Options", others)]:
            with formatter.section(heading):
                formatter.write_dl(records)


def seconds_option(
    flag: str, name: str, *, least: float, most: float, default: float | None = None, help_text: str
) -> Decorator:
    """An option that takes a time, bounds included, as seconds; its name is `name`, which ends in `_s`."""
    return click.option(
        flag,
        name,
        type=Duration(least_s=least, most_s=most),
        default=default,
        show_default=default is not None,
        metavar="TIME",
        help=help_text,
    )


class NearChoice(click.Choice[str]):
    """A choice that offers the right word for a mistyped one, before it lists all."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The word as it was declared."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter as error:
            hint = near(str(value), self.choices).strip(" ()")
            raise click.BadParameter(f"{hint} {error.message}".strip(), ctx, param) from None


class _ChoiceOrFile(NearChoice):
    """A choice that takes the name of a file, too."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The word as it was declared, or the file's name."""
        return str(value) if Path(str(value)).is_file() else super().convert(value, param, ctx)


def _options_of(settings: "Sequence[Field[Any]]") -> Decorator:
    return option_group(*(click.option(*_names(item), item.name, **_details(item)) for item in settings))


def _names(item: "Field[Any]") -> tuple[str, ...]:
    name = f"--{item.name.replace('_', '-')}"
    return (f"{name}/--no-{item.name.replace('_', '-')}",) if item.default is True else (name,)


def _details(item: "Field[Any]") -> dict[str, Any]:
    rule: SettingRule = item.metadata["rule"]
    details: dict[str, Any] = {
        "default": item.default,
        "envvar": f"{ENVIRONMENT_PREFIX}{item.name.upper()}",
        "show_envvar": True,
        "help": rule.help,
        "show_default": item.default not in (None, "", ()),
    }
    if isinstance(item.default, bool):
        return details | {"is_flag": True}
    if rule.choices:
        return details | {"type": (_ChoiceOrFile if rule.or_file else NearChoice)(list(rule.choices))}
    if isinstance(item.default, tuple):
        return details | {"multiple": True, "type": str, "metavar": "NAME", "show_default": False}
    is_path = isinstance(item.default, Path) or item.type in ("Path | None", Path | None)
    return details | {"type": click.Path(path_type=Path) if is_path else type(item.default)}


setting_options = _options_of(fields(Settings))
"""An option for each setting."""
delivery_options = _options_of(of_delivery())
"""An option for each setting that says how a delivery looks or is sent."""


class Duration(click.ParamType):  # type: ignore[type-arg]  # click 8.3 made it generic, older ones are not
    """Seconds, written as 60, 60s, 5m, 2h or 8d.

    Args:
        least_s: the shortest that makes sense.
        most_s: the longest.
    """

    name = "duration"

    def __init__(self, *, most_s: float, least_s: float = 0) -> None:
        self._least_s = least_s
        self._most_s = most_s

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        seconds = duration_s(str(value))
        if seconds is None or not self._least_s <= seconds <= self._most_s:
            bounds = f"from {self._least_s:g} s" if self._least_s else "up"
            times = f"a time such as 60, 60s, 5m, 2h or 8d, {bounds} to {self._most_s:.0f} s"
            self.fail(f"expected {times}, got {value!r}", param, ctx)
        return seconds


Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def names(known: Callable[[], Iterable[str]]) -> Complete:
    """Completes with what `known` gives; that is read only when the shell asks."""

    def complete(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
        begun = incomplete.lower()
        return [CompletionItem(name) for name in known() if name.lower().startswith(begun)]

    return complete


def _files(folder: str) -> Callable[[], list[str]]:
    return lambda: sorted(file.stem for file in bundled.folder("scenarios").joinpath(folder).glob("*.toml"))


event_types = names(lambda: [kind.name for kind in catalog.load()])
scenarios = names(_files("."))
cases = names(_files("recovery"))


def event_type_list(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Completes the last of several types with commas between them."""
    before, comma, last = incomplete.rpartition(",")
    return [CompletionItem(f"{before}{comma}{item.value}") for item in event_types(ctx, param, last)]


contracts_option: Callable[[Callable[..., Any]], Callable[..., Any]] = click.option(
    "--contracts",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    envvar="FRONTSIM_CONTRACTS",
    show_envvar=True,
    help="A folder with your own event types and schemas, in addition to the bundled ones.",
)
"""Gives a command `contracts`, a folder or None."""


def load(contracts: Path | None) -> Catalog:
    """The bundled types, and those of the user's folder.

    Raises:
        Unusable: the folder is not as it should be; the text names the file and the key.
    """
    return catalog.load() if contracts is None else catalog.load(contracts)


def say_bodies(payloads: str, contracts: Path | None) -> None:
    """Say what is drawn from a record, if `--payloads` names one. Raises BadInput, Unusable."""
    if payloads and Path(payloads).is_file():
        from frontsim.records.identities import recorded_bodies  # noqa: PLC0415 - few starts draw from a record

        click.echo(printable(recorded_bodies(Path(payloads), load(contracts)).story), err=True)


def assignments(_: click.Context, param: click.Parameter, texts: tuple[str, ...]) -> Mapping[str, object]:
    """The callback of a repeatable option that takes `name=value`: what it names, by name.

    Raises:
        click.BadParameter: there is no `=`, or a name comes twice.
    """
    try:
        return read_assignments(texts)
    except BadInput as error:
        raise click.BadParameter(str(error), param=param) from None


def _payload(_: click.Context, __: click.Parameter, file: BinaryIO | None) -> Mapping[str, object] | None:
    if file is None:
        return None
    try:
        value = read_json(file.read())
    except OSError as error:
        raise click.BadParameter(f"expected a file that can be read, got {error}", param_hint="--payload") from None
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--payload") from None
    if not isinstance(value, dict):
        raise click.BadParameter(f"expected a JSON object, got {shown_briefly(value)}", param_hint="--payload")
    return value


def finite(_: click.Context, param: click.Parameter, number: float | None) -> float | None:
    """The callback of an option that takes a number: JSON has none that is not finite."""
    if number is not None and not math.isfinite(number):
        raise click.BadParameter(f"expected a number, got {number}", param=param)
    return number


payload_options = option_group(
    click.option("--store", type=int, metavar="ID", help="The store where it happens."),
    click.option(
        "--set",
        "changes",
        metavar="PATH=VALUE",
        multiple=True,
        callback=assignments,
        help="Change a field: a dotted path, =, and JSON or a text. Repeatable.",
    ),
    click.option(
        "--payload",
        "whole",
        type=click.File("rb"),
        callback=_payload,
        metavar="FILE",
        help="A JSON object to send instead of a generated payload; - reads standard input.",
    ),
    click.option("--invalid", is_flag=True, help="Accept a payload that breaks the type's schema."),
)
"""`--store`, `--set`, `--payload` and `--invalid`: `store`, `changes`, `whole` and `invalid` in the command."""
