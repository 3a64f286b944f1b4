"""The configuration file, which every command, the pytest plugin and `frontsim.testing` read.

It is `frontsim.toml`, or `[tool.frontsim]` in `pyproject.toml`, in the current folder or the nearest one above. Its
keys are the names of options, without the dashes. Those at the top hold for every command that has the option, those in
a table for that command:

    receiver = "http://127.0.0.1:8500/hook"
    events = ["SaleCreated", "CustomerCreated"]

    [serve]
    port = 8410
"""

from collections.abc import Mapping
from dataclasses import Field, dataclass
from pathlib import Path
from typing import Any

from frontsim.errors import BadInput
from frontsim.settings import ENVIRONMENT_PREFIX, Settings, of_delivery
from frontsim.user_input.toml_file import read_toml

FILE = "frontsim.toml"
PROJECT_FILE = "pyproject.toml"
_FLAGS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


@dataclass(frozen=True, slots=True)
class Configuration:
    """What a configuration file says; `file` is None where there is none."""

    file: Path | None
    values: Mapping[str, Any]

    def for_command(self, *words: str) -> dict[str, Any]:
        """What holds for a command, such as `webhooks create`: by the name of the option, the nearest table first."""
        table: Any = self.values
        found = _plain(table)
        for word in words:
            table = table.get(word, {}) if isinstance(table, Mapping) else {}
            if not isinstance(table, Mapping):
                raise BadInput(f"{self.file}: {word}: expected a table [{word}], got {table!r}")
            found |= _plain(table)
        return found


def read_configuration(folder: Path) -> Configuration:
    """The configuration that holds in a folder.

    Raises:
        Unusable: the file cannot be read, or is not TOML.
    """
    for place in (folder, *folder.parents):
        if (place / FILE).is_file():
            return Configuration(place / FILE, read_toml(place / FILE, dict))
        if (place / PROJECT_FILE).is_file():
            found = read_toml(place / PROJECT_FILE, dict).get("tool", {}).get("frontsim")
            if isinstance(found, Mapping):
                return Configuration(place / PROJECT_FILE, found)
    return Configuration(None, {})


def delivery_settings(configuration: Configuration, environ: Mapping[str, str], *words: str) -> dict[str, Any]:
    """How deliveries look and are sent, by the names of `Settings`: the environment over the file; no defaults.

    Raises:
        BadInput: a variable or a key has a value that cannot be read.
    """
    given = configuration.for_command(*words)
    found: dict[str, Any] = {}
    for item in of_delivery():
        variable, option = f"{ENVIRONMENT_PREFIX}{item.name.upper()}", item.name.replace("_", "-")
        if environ.get(variable):
            found[item.name] = _value(item, environ[variable], variable)
        elif option in given:
            value = given[option]
            found[item.name] = in_folder_of(configuration, value) if _is_path(item) else value
    return found


def in_folder_of(configuration: Configuration, path: str) -> Path:
    """A path that a configuration file names: it starts from the file's folder."""
    return configuration.file.parent / path if configuration.file else Path(path)


def _plain(table: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in table.items() if not isinstance(value, Mapping)}


def read_settings(**values: Any) -> Settings:
    """The settings of a simulator, by their Python names. Raises BadInput, with the name of the option."""
    try:
        return Settings(**values)
    except ValueError as error:
        name, _, text = str(error).partition(":")
        raise BadInput(f"--{name.replace('_', '-')}:{text}") from None


def _is_path(item: Field[Any]) -> bool:
    return item.type in ("Path | None", Path | None, Path)


def _value(item: Field[Any], text: str, variable: str) -> Any:
    if isinstance(item.default, bool):
        if text.lower() not in _FLAGS:
            raise BadInput(f"{variable}: expected true or false, got {text!r}")
        return _FLAGS[text.lower()]
    return Path(text) if _is_path(item) else text
