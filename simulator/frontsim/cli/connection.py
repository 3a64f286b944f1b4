"""The connection to an API: its address, its keys, and what a user can do about a refusal.

A flag wins over the environment, the environment over the default. The default keys are those that a
simulator takes by default; no key is ever printed. It stands beside `options` because it loads httpx, which takes a
command that calls nothing half as long again to start.
"""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
from click.core import ParameterSource

from frontsim.cli.options import Decorator
from frontsim.cli.output import say
from frontsim.client.control import Simulator, control_url
from frontsim.client.errors import ApiError, RetryPolicy, Unreachable
from frontsim.client.http import FrontSystems
from frontsim.client.models import WebhookView
from frontsim.errors import BadInput, FrontsimError
from frontsim.masking import printable
from frontsim.settings import ENVIRONMENT_PREFIX, Settings

_DEFAULTS = Settings()

BASE_URL = f"http://{_DEFAULTS.host}:{_DEFAULTS.port}/restapi/V2"
"""Where a simulator with default settings answers."""

_OUR_PROBLEM = '"https://www.rfc-editor.org/rfc/rfc9110#status.'
"""How the `type` in a simulator's own refusals begins."""

RETRY = RetryPolicy(sleep=time.sleep, say=say)
"""How commands repeat a call: they say so, and wait."""

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


def named_webhooks(found: Sequence[WebhookView], names: Sequence[str]) -> list[WebhookView]:
    """The webhooks of those ids, each once, or all without any. Raises FrontsimError."""
    by_id = {webhook.id.lower(): webhook for webhook in found}
    if unknown := [name for name in names if name.lower() not in by_id]:
        raise FrontsimError(f"expected the id of a webhook (see `frontsim webhooks list`), got {unknown[0]!r}")
    return [by_id[name] for name in dict.fromkeys(name.lower() for name in names)] if names else list(found)
