"""The settings, and the options of pytest and Locust, from where they are declared."""

from argparse import Namespace
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from typing import Any

from docs.generate.markdown import code, table
from frontsim import pytest_plugin
from frontsim.load.options import add_options
from frontsim.load.plan import PLANS
from frontsim.settings import ENVIRONMENT_PREFIX, Settings


def settings() -> str:
    """Every setting with its flag, its variable and its default."""
    return table(
        ["option", "variable", "default", "means"],
        ([_flags(item), f"`{_variable(item)}`", _default(item), _meaning(item)] for item in fields(Settings)),
    )


def _flags(item: Field[Any]) -> str:
    flag = item.name.replace("_", "-")
    return f"`--{flag}`, `--no-{flag}`" if item.default is True else f"`--{flag}`"


def _variable(item: Field[Any]) -> str:
    return f"{ENVIRONMENT_PREFIX}{item.name.upper()}"


def _default(item: Field[Any]) -> str:
    assert item.default is not MISSING
    if isinstance(item.default, bool):
        return "on" if item.default else "off"
    return f"`{item.default}`" if item.default not in (None, "") else "none"


def _meaning(item: Field[Any]) -> str:
    rule = item.metadata["rule"]
    choices = f" One of {code(rule.choices)}." if rule.choices else ""
    return f"{rule.help}{choices}"


class _Parser:
    """Takes the place of Locust's parser and its groups: keeps what is added."""

    def __init__(self) -> None:
        self.added: dict[str, dict[str, Any]] = {}

    def add_argument_group(self, _title: str) -> "_Parser":
        return self

    def add_argument(self, name: str, **details: Any) -> None:
        self.added[name] = details

    def set_defaults(self, **_: object) -> None:
        """Locust's own options are documented by Locust."""


def load_options() -> str:
    """The options that the load tests add to Locust's; a default that differs between files is "the file's"."""
    parsers = [_Parser() for _ in PLANS]
    for parser, plan in zip(parsers, PLANS.values(), strict=True):
        add_options(parser, plan)
    rows = []
    for name, details in parsers[0].added.items():
        says, _, default = str(details["help"]).partition("  [default: ")
        defaults = {str(parser.added[name].get("default")) for parser in parsers}
        given = default.rstrip("]") or _load_default(defaults, details)
        rows.append([f"`{name}`{_metavar(details)}", code(filter(None, [details.get("env_var")])), given, says])
    return table(["option", "variable", "default", "means"], rows)


def _load_default(defaults: set[str], details: Mapping[str, Any]) -> str:
    if len(defaults) > 1:
        return "the file's"
    value = details.get("default")
    if value is None or value == "" or value is False:
        return ""
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def _metavar(details: Mapping[str, Any]) -> str:
    metavar = details.get("metavar") or ("" if details.get("action") else "N")
    return f" {metavar if isinstance(metavar, str) else ' '.join(metavar)}".rstrip()


def pytest_options() -> str:
    """The options that the pytest plugin adds."""
    parser = _Parser()

    def add_option(name: str, **details: Any) -> None:
        parser.added[name] = details

    group = Namespace(addoption=add_option)
    pytest_plugin.pytest_addoption(Namespace(getgroup=lambda *_: group))  # type: ignore[arg-type]
    rows = ([f"`{name}` {details['metavar']}", details["help"]] for name, details in parser.added.items())
    return table(["option", "means"], rows)
