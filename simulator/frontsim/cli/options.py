"""Options that commands share, among them the connection to an API.

`--set total=12.5` is a number, `--set note=hello` a text. Digits are a number, too; a payload's field that takes text
alone takes them as text.

A flag wins over the environment, the environment over the default. The default keys are those that a
simulator takes by default; no key is ever printed.
"""

import math
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import Field, dataclass, fields
from functools import wraps
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

import click
from click.core import ParameterSource
from click.shell_completion import CompletionItem

from frontsim import bundled, catalog
from frontsim.catalog import Catalog
from frontsim.client.control import Simulator, control_url
from frontsim.client.errors import ApiError, Unreachable
from frontsim.client.vendor import FrontSystems
from frontsim.errors import BadInput, FrontsimError
from frontsim.masking import printable
from frontsim.settings import ENVIRONMENT_PREFIX, SettingRule, Settings, of_delivery
from frontsim.user_input.fields import read_json, shown_briefly
from frontsim.user_input.near import near
from frontsim.user_input.paths import read_assignments

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


class NearChoice(click.Choice[str]):
    """A choice that offers the right word for a mistyped one, before it lists all."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The word as it was declared."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter as error:
            hint = near(str(value), self.choices).strip(" ()")
            raise click.BadParameter(f"{hint} {error.message}".strip(), ctx, param) from None


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
        return details | {"type": NearChoice(list(rule.choices))}
    if isinstance(item.default, tuple):
        return details | {"multiple": True, "type": str, "metavar": "NAME", "show_default": False}
    is_path = isinstance(item.default, Path) or item.type in ("Path | None", Path | None)
    return details | {"type": click.Path(path_type=Path) if is_path else type(item.default)}


setting_options = _options_of(fields(Settings))
"""An option for each setting."""
delivery_options = _options_of(of_delivery())
"""An option for each setting that says how a delivery looks or is sent."""


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


_DEFAULTS = Settings()

BASE_URL = f"http://{_DEFAULTS.host}:{_DEFAULTS.port}/restapi/V2"
"""Where a simulator with default settings answers."""

_OUR_PROBLEM = '"https://www.rfc-editor.org/rfc/rfc9110#status.'
"""How the `type` in a simulator's own refusals begins."""

Function = Callable[..., Any]

_base_url = click.option(
    "--base-url",
    metavar="URL",
    envvar="FRONTSIM_BASE_URL",
    show_envvar=True,
    default=BASE_URL,
    show_default=True,
    help="The API: its path ends in /restapi/V2 or /api.",
)


def _key_options(name: str, default: str, header: str) -> tuple[Decorator, Decorator]:
    """The options for a key: its value, and a file that holds it."""
    variable = f"FRONTSIM_{name.replace('-', '_').upper()}"
    value = click.option(
        f"--{name}",
        metavar="KEY",
        envvar=variable,
        show_envvar=True,
        default=default,
        help=f"The {header}.  [default: the simulator's]",
    )
    file = click.option(
        f"--{name}-file",
        type=click.Path(dir_okay=False, path_type=Path),
        envvar=f"{variable}_FILE",
        show_envvar=True,
        metavar="FILE",
        help=f"File with the {header}.",
    )
    return value, file


_api_key, _api_key_file = _key_options("api-key", _DEFAULTS.api_key, "x-api-key")
_subscription_key, _subscription_key_file = _key_options(
    "subscription-key", _DEFAULTS.subscription_key, "Ocp-Apim-Subscription-Key"
)
_token = click.option(
    "--token",
    metavar="TOKEN",
    envvar="FRONTSIM_TOKEN",
    show_envvar=True,
    default=_DEFAULTS.token,
    help="The bearer token of the simulator's /_sim calls, if it wants one.",
)


@dataclass(frozen=True, slots=True)
class Api:
    """The vendor's API, real or mock, as the options name it."""

    base_url: str
    api_key: str
    subscription_key: str

    @contextmanager
    def open(self) -> Iterator[FrontSystems]:
        """The connection; a call that fails says what to do about it."""
        with (
            _advised("or name another with --base-url"),
            FrontSystems(self.base_url, api_key=self.api_key, subscription_key=self.subscription_key) as api,
        ):
            yield api


@dataclass(frozen=True, slots=True)
class ControlConnection:
    """The simulator's own surface, beside the API that the options name."""

    base_url: str
    token: str

    @contextmanager
    def open(self) -> Iterator[Simulator]:
        """The connection; a call that fails says what to do about it."""
        with (
            _advised("or name its API with --base-url"),
            Simulator(control_url(self.base_url), token=self.token) as simulator,
        ):
            yield simulator


def api_options(function: Function) -> Function:
    """Give a command the API's options; it is called with `api`, an `Api`."""

    @wraps(function)
    def command(*args: Any, base_url: str, **others: Any) -> Any:
        say_where_keys_go("api_key", "subscription_key")
        return function(*args, api=Api(base_url, **_keys(others)), **others)

    return _base_url(_with_keys(command))


def key_options(function: Function) -> Function:
    """Give a command the API's keys, if it takes base URLs in another way; it is called with `api_at`, URL -> `Api`."""

    @wraps(function)
    def command(*args: Any, **others: Any) -> Any:
        keys = _keys(others)
        return function(*args, api_at=lambda base_url: Api(base_url, **keys), **others)

    return _with_keys(command)


def _with_keys(command: Function) -> Function:
    return _api_key(_api_key_file(_subscription_key(_subscription_key_file(command))))


def _keys(options: dict[str, Any]) -> dict[str, str]:
    """Take the keys out of a command's options: from the files that are named, where there are any.

    A key on the command line wins over a file in the environment. Raises BadInput.
    """
    keys: dict[str, str] = {}
    for name in ("api_key", "subscription_key"):
        keys[name], file = options.pop(name), options.pop(f"{name}_file")
        if file is None or click.get_current_context().get_parameter_source(name) is ParameterSource.COMMANDLINE:
            continue
        try:
            keys[name] = file.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(f"--{name.replace('_', '-')}-file: expected a file with the key, got {error}") from None
    return keys


def control_options(function: Function) -> Function:
    """Give a command the simulator's options; it is called with `control`, a `ControlConnection`."""

    @wraps(function)
    def command(*args: Any, base_url: str, token: str, **others: Any) -> Any:
        say_where_keys_go("token")
        return function(*args, control=ControlConnection(base_url, token), **others)

    return _base_url(_token(command))


def say_where_keys_go(*keys: str) -> None:
    """Name the host that gets the environment's keys, if the configuration file chose it."""
    ctx = click.get_current_context()
    if ctx.get_parameter_source("base_url") is not ParameterSource.DEFAULT_MAP:
        return
    names = [each for key in keys for each in (key, f"{key}_file")]
    unset = (None, ParameterSource.ENVIRONMENT)  # None: a command without that option reads the variable itself
    variables = [f"{ENVIRONMENT_PREFIX}{name.upper()}" for name in names if ctx.get_parameter_source(name) in unset]
    if sent := " and ".join(name for name in variables if os.environ.get(name)):
        host = urlsplit(ctx.params["base_url"]).netloc.rpartition("@")[2]
        click.echo(printable(f"{sent}: sent to {host}, which the configuration file names"), err=True)


@contextmanager
def _advised(elsewhere: str) -> Iterator[None]:
    try:
        yield
    except Unreachable as error:
        raise FrontsimError(f"Start a simulator with `frontsim serve`, {elsewhere}: {error}") from error
    except ApiError as error:
        raise FrontsimError(f"{error}{advice(error)}") from error


def advice(error: ApiError) -> str:
    """Says what the user can do about a refusal, to stand behind its text; "" for nothing."""
    match error.status:
        case 401 | 403:
            return " (options for the keys: --api-key, --subscription-key; for the token of /_sim: --token)"
        case 404 if "/_sim/" in str(error) and not is_simulators_own(error):
            return " (is that a frontsim simulator? the real API has no /_sim)"
        case _:
            return ""


def is_simulators_own(error: ApiError) -> bool:
    """A refusal is a simulator's own if its control surface wrote it; the vendor's gateway writes another form."""
    return _OUR_PROBLEM in error.body
