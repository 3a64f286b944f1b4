"""The configuration file, which every command, the pytest plugin and `frontsim.testing` read.

It is `frontsim.toml`, or `[tool.frontsim]` in `pyproject.toml`, in the current folder or the nearest one above, up to
the root of the repository; outside of a repository, in the current folder alone. `FRONTSIM_CONFIG` names another. Its
keys are the names of options, without the dashes. Those at the top hold for every command that has the option, those in
a table for that command:

    receiver = "http://127.0.0.1:8500/hook"
    events = ["SaleCreated", "CustomerCreated"]

    [serve]
    port = 8410

The file runs commands (`observe-cmd`, `job`) and says where keys are sent, so it must be one that the user can trust:
the user's, or the current folder's owner's. A root user may also take one that lies in the repository, because in
containers and on CI the files of a checkout belong to another user. A file that is named is taken from anyone.

A TOML file may come from a stranger, so its size and its depth are bounded: `tomllib` takes 40 s for a key of 50,000
parts. Every error names the file.
"""

import os
import re
import stat
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass
from pathlib import Path
from typing import Any, TypeVar

from frontsim.errors import BadInput, Unusable
from frontsim.settings import ENVIRONMENT_PREFIX, Settings, of_delivery

MOST_BYTES, MOST_DEEP = 1_000_000, 100

T = TypeVar("T")

_PART = r"""(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')"""
_DEEP_KEY = re.compile(rf"(?<![\w-]){_PART}(?:[ \t]*+\.[ \t]*+{_PART}){{{MOST_DEEP}}}")


def read_toml(file: Path, of: Callable[[Mapping[str, Any]], T], *, expected: str = "a file") -> T:
    """Reads a file, and returns what `of` makes of it.

    Args:
        file: its path.
        of: reads the document; what it refuses with BadInput is an error of the file.
        expected: what the file should have been, for the message.

    Raises:
        Unusable: the file cannot be read, is not TOML, or says what `of` refuses.
    """
    try:
        with file.open("rb") as opened:
            text = opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise Unusable(f"{file}: expected {expected} that can be read, got {error.strerror}") from None
    try:
        return of(parsed_toml(text, file))
    except BadInput as error:
        raise Unusable(f"{file}: {error}") from None


def parsed_toml(text: bytes, file: str | Path) -> dict[str, Any]:
    """Reads the text of a file. Raises Unusable."""
    if len(text) > MOST_BYTES:
        raise Unusable(f"{file}: expected TOML of at most {MOST_BYTES:,} bytes, got more")
    try:
        decoded = text.decode("utf-8")
        document = None if _DEEP_KEY.search(decoded) else tomllib.loads(decoded)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Unusable(f"{file}: expected TOML, got {error}") from None
    except RecursionError:
        document = None
    if document is None or _is_deep(document):
        raise Unusable(f"{file}: expected TOML that is nested less than {MOST_DEEP} deep, got more")
    return document


def _is_deep(document: dict[str, Any]) -> bool:
    level: list[Any] = [document]
    for _ in range(MOST_DEEP):
        level = [
            below
            for value in level
            for below in (value.values() if isinstance(value, dict) else value)
            if isinstance(below, dict | list)
        ]
        if not level:
            return False
    return True


FILE = "frontsim.toml"
PROJECT_FILE = "pyproject.toml"
FILE_VARIABLE = "FRONTSIM_CONFIG"
_FLAGS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


@dataclass(frozen=True, slots=True)
class Configuration:
    """The values of a configuration file; `file` is None where there is none, `warning` "" where nothing is wrong."""

    file: Path | None
    values: Mapping[str, Any]
    warning: str = ""

    def for_command(self, *words: str) -> dict[str, Any]:
        """Collects the values for a command, such as `webhooks create`, by option name; the nearest table wins."""
        table: Any = self.values
        found = _plain(table)
        for word in words:
            table = table.get(word, {}) if isinstance(table, Mapping) else {}
            if not isinstance(table, Mapping):
                raise BadInput(f"{self.file}: {word}: expected a table [{word}], got {table!r}")
            found |= _plain(table)
        return found

    def place_of(self, key: str, *words: str) -> str:
        """The file and the key from which a command has a value, for messages: `frontsim.toml: verify.events`."""
        table, place = self.values, key
        for number, word in enumerate(words, 1):
            table = table.get(word, {})
            place = ".".join([*words[:number], key]) if key in table else place
        return f"{self.file}: {place}"


def read_configuration(folder: Path, environ: Mapping[str, str] = os.environ) -> Configuration:
    """The configuration that holds in a folder: of the file that the environment names, else of the nearest one.

    Raises:
        Unusable: the file cannot be read, is not TOML, or belongs to a stranger.
    """
    if named := environ.get(FILE_VARIABLE):
        found = _read(folder / named)
        assert found is not None
        return found
    root = next((each for each in (folder, *folder.parents) if _is_repository(each)), None)
    for place in (folder, *folder.parents):
        for file in (place / FILE, place / PROJECT_FILE):
            if file.is_file() and (found := _read(file, folder, root)):
                return found
        if place == (root or folder):
            break
    return Configuration(None, {})


def _is_repository(folder: Path) -> bool:
    """The folder is a repository's root. A `.git` that a stranger left, as anyone may in /tmp, makes it none."""
    try:
        return (folder / ".git").lstat().st_uid in (folder.stat().st_uid, os.geteuid())
    except OSError:
        return False


def _read(file: Path, folder: Path | None = None, root: Path | None = None) -> Configuration | None:
    """Reads a file; None if it is a project's without our table.

    `folder`: where the search that found it began; None if the user named it.
    """
    try:
        with file.open("rb") as opened:
            values: Any = parsed_toml(opened.read(MOST_BYTES + 1), file)
            state = os.fstat(opened.fileno())
        if file.name == PROJECT_FILE:
            tool = values.get("tool")
            values = tool.get("frontsim") if isinstance(tool, Mapping) else None
            if not isinstance(values, Mapping) and folder is not None:
                return None
        if folder is not None:
            _refuse_strangers(file, {state.st_uid, file.lstat().st_uid}, folder, root)
    except OSError as error:
        raise Unusable(f"{file}: expected a file that can be read, got {error.strerror}") from None
    if not isinstance(values, Mapping):
        raise Unusable(f"{file}: expected a table [tool.frontsim], got none")
    by_anyone = stat.S_ISREG(state.st_mode) and state.st_mode & stat.S_IWOTH
    warning = f"{file}: every user of this machine may write to this file, which can name commands" if by_anyone else ""
    return Configuration(file, values, warning)


def _refuse_strangers(file: Path, owners: set[int], folder: Path, root: Path | None) -> None:
    """Refuse a file, or a link to one, of neither the user nor the current folder's owner. Raises Unusable."""
    user = os.geteuid()
    strangers = owners - {user, folder.stat().st_uid}
    if not strangers:
        return
    if user == 0 and root is not None and file.resolve().is_relative_to(root.resolve()):
        return
    raise Unusable(
        f"Name the file with `frontsim --config {file}` or {FILE_VARIABLE} if you trust it: it belongs to user "
        f"{max(strangers)}, and a configuration can run commands and receive your keys; expected one that belongs "
        "to you or to the owner of the current folder"
    )


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
