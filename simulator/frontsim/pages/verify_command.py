"""The command that verifies a receiver or a recovery job, made of what the page asks for.

What a page asks for may come from anyone who reaches our port: on a shared machine that is every user and program, and
without --token nothing tells them apart. So a request names URLs, sinks and SQLite files, and never a command line, a
Python name or a DSN, which would let its sender run code as the user who serves. Those are taken from the configuration
file alone, which only that user can write. Every value is one word of an argument list: no shell reads it.

An observed URL is read by this machine, which may reach what the sender does not: it must have the receiver's host, or
one of --allow-host, no redirect of it is followed, and nothing of an answer is shown that is no list of effects.

    asked for here       --receiver, --observe-url, --observe-sink, --observe-sql with a SQLite file, scenarios,
                         --observe-state with a URL or a query for that file
    from frontsim.toml   --observe-cmd, --observe-import, --receiver-cmd, --observe-sql with another DSN, --job
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from frontsim import bundled
from frontsim.errors import BadInput
from frontsim.masking import COMMAND_OPTIONS, masked, masked_command
from frontsim.settings import Settings, of_delivery
from frontsim.user_input.configuration import read_configuration
from frontsim.user_input.fields import Fields

VERIFY, RECOVERY = "verify", "verify-recovery"
MOST_BUDGET_S = 900
_LONGEST = 2_000
_EFFECTS = ("url", "sink", "sqlite")
_OBSERVERS = ("observe-url", "observe-sql", "observe-cmd", "observe-sink", "observe-import")
_READS = re.compile(r"\s*(SELECT|WITH)\b", re.IGNORECASE)
_ONE_URL = re.compile(r"https?://[^\s/?#]+\S*")
_SQLITE = b"SQLite format 3\0"


@dataclass(frozen=True, slots=True)
class Playable:
    """A scenario, or a case of a recovery job: what breaks, and what must hold."""

    name: str
    breaks: str
    holds: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyCommand:
    """A command that verifies a receiver or a job, as the page starts it.

    `is_configured`: it runs in our folder, so the configuration file holds; without, in an empty one, where none does.
    """

    words: Sequence[str]
    names: Sequence[str]
    """The scenarios or cases that it plays, in order."""
    about: Mapping[str, str]
    is_configured: bool
    environ: Mapping[str, str] = field(default_factory=dict)


class VerifyCommands:
    """Makes commands.

    Args:
        settings: of this simulator: a receiver that is verified from here gets the same headers and shape.
        folder: where this simulator was started.
    """

    def __init__(self, settings: Settings, folder: Path) -> None:
        self._settings = settings
        self.folder = folder
        self.scenarios = _playables(bundled.folder("scenarios"))
        self.cases = _playables(bundled.folder("scenarios") / "recovery")

    def configured(self) -> dict[str, Any]:
        """The receiver and the job of the configuration file, without secrets. Raises BadInput."""
        configuration = read_configuration(self.folder)
        receiver, job = configuration.for_command(VERIFY), configuration.for_command(RECOVERY).get("job")
        observer = next((name for name in _OBSERVERS if receiver.get(name)), None)
        has_all = bool(receiver.get("receiver")) and observer is not None
        shown = {
            name: _shown(name, receiver[name])
            for name in ("receiver", observer, "observe-state", "receiver-cmd")
            if name in receiver
        }
        return {
            "file": None if configuration.file is None else str(configuration.file),
            "receiver": shown if has_all else None,
            "job": _shown("--job", job) if job else None,
        }

    def command(self, asked: Mapping[str, Any], own_url: str) -> VerifyCommand:
        """The command for what a page asks.

        Args:
            asked: the JSON that it sends.
            own_url: this simulator's base URL as its own processes reach it.

        Raises:
            BadInput: with what was expected and what came.
        """
        fields = Fields(asked)
        fields.only("kind", "play", "configured", "receiver", "effects", "key", "events", "budgetS", "exploreS")
        kind = fields.choice("kind", (VERIFY, RECOVERY)) or VERIFY
        known = self.cases if kind == RECOVERY else self.scenarios
        names = self._names(fields, known)
        budget = fields.number("budgetS", least=1, most=MOST_BUDGET_S)
        explore = fields.number("exploreS", least=1, most=MOST_BUDGET_S) if kind == VERIFY else None
        is_configured = bool(fields.flag("configured")) or kind == RECOVERY
        words = [kind, *(f"--{'case' if kind == RECOVERY else 'scenario'}={name}" for name in names)]
        words += [] if budget is None else [f"--budget={budget:g}"]
        words += [] if explore is None else [f"--explore={explore:g}"]
        if is_configured:
            fields.check()
            return self._configured(kind, words, names)
        receiver = _url(fields, "receiver")
        key, events = fields.text("key", most=_LONGEST), fields.text("events", "types with commas", most=_LONGEST)
        effects, about = self._effects(fields.within("effects"), own_url, receiver)
        state = self._state(fields.within("effects"), receiver)
        if not fields.has("effects"):
            fields.refuse("effects", f"an object with one of {', '.join(_EFFECTS)}")
        fields.check()
        words += [
            f"--receiver={receiver}",
            *effects,
            *state,
            *self._delivery(),
            *([f"--observe-key={key}"] if key else []),
            *([f"--events={events}"] if events else []),
        ]
        return VerifyCommand(
            words=words,
            names=names,
            about={"kind": kind, "receiver": masked(receiver), "effects": about},
            is_configured=False,
            environ=self._keys(),
        )

    @staticmethod
    def _names(fields: Fields, known: Sequence[Playable]) -> list[str]:
        names = [each.name for each in known]
        asked = fields.items("play", "a list of names")
        if asked is None:
            return names
        if not asked or any(name not in names for name in asked):
            fields.refuse("play", f"a list of some of {', '.join(names)}")
        return [name for name in names if name in asked]

    def _configured(self, kind: str, words: list[str], names: list[str]) -> VerifyCommand:
        said = self.configured()
        what = said["job"] if kind == RECOVERY else said["receiver"]
        if not what:
            wanted = "job" if kind == RECOVERY else "receiver and one of " + ", ".join(_OBSERVERS)
            raise BadInput(
                f"name it in frontsim.toml, in the folder of `frontsim serve`: expected {wanted} under [{kind}], got "
                f"{said['file'] or 'no file'}; a page may not name a command, because a command from a page could be "
                "anyone's"
            )
        about = {"job": what} if kind == RECOVERY else {name.replace("-", " "): text for name, text in what.items()}
        return VerifyCommand(words=words, names=names, about={"kind": kind, **about}, is_configured=True)

    def _effects(self, effects: Fields, own_url: str, receiver: str) -> tuple[list[str], str]:
        """The words that say how effects are read, and the same to be shown."""
        effects.only(*_EFFECTS, "query", "state")
        given = [name for name in _EFFECTS if effects.has(name)]
        if len(given) != 1:
            effects.note("", f"expected one of {', '.join(_EFFECTS)}, got {' and '.join(given) or 'none'}")
            return [], ""
        if given == ["url"]:
            url = _url(effects, "url")
            self._refuse_other_host(effects, "url", url, receiver)
            return [f"--observe-url={url}"], masked(url)
        if given == ["sink"]:
            sink = effects.text("sink", "the name of a sink", required=True, most=200) or ""
            return [
                f"--base-url={own_url}/restapi/V2",
                f"--observe-sink={sink}",
            ], f"the sink {sink}, with this simulator"
        file = self._sqlite_file(effects)
        query = effects.text("query", "a SELECT", required=True, most=_LONGEST) or ""
        if query and not _READS.match(query):
            effects.refuse("query", "a statement that begins with SELECT or WITH")
        return ["--observe-sql", f"sqlite:///{file}", query], f"{file.name if file else ''}: {query}"

    def _refuse_other_host(self, effects: Fields, name: str, url: str, receiver: str) -> None:
        """Refuse what this machine may not read for a page."""
        own = _host(receiver)
        allowed = {own, *map(str.lower, self._settings.allow_host)}
        if url and own and _host(url) not in allowed:
            effects.refuse(name, f"a URL on the receiver's host, {own} (others: `frontsim serve --allow-host NAME`)")

    def _state(self, effects: Fields, receiver: str) -> list[str]:
        """The words that say how derived state is read: a URL, or a query for the file of the effects; no DSN."""
        text = effects.text("state", "a URL or a SELECT", most=_LONGEST)
        if not text:
            return []
        if effects.has("sqlite") and _READS.match(text):
            return [f"--observe-state={text}"]
        if not _ONE_URL.fullmatch(text):
            effects.refuse("state", "a URL, or with a SQLite file a statement that begins with SELECT or WITH")
        else:
            self._refuse_other_host(effects, "state", text, receiver)
        return [f"--observe-state={text}"]

    def _sqlite_file(self, effects: Fields) -> Path | None:
        """A SQLite file below our folder. Elsewhere, or in a hidden folder, are files that are not a receiver's."""
        text = effects.text("sqlite", "a file", required=True, most=_LONGEST)
        if text is None:
            return None
        root = self.folder.resolve()
        try:
            file = (root / text.removeprefix("sqlite:///")).resolve()
            parts = file.relative_to(root).parts
            is_ours = not any(part.startswith(".") for part in parts) and file.is_file()
            with file.open("rb") as opened:
                if is_ours and opened.read(len(_SQLITE)) == _SQLITE:
                    return file
        except (OSError, ValueError):
            pass
        effects.refuse(
            "sqlite", f"a SQLite file below {root}, not in a hidden folder (any other: name it in frontsim.toml)"
        )
        return None

    def _delivery(self) -> list[str]:
        """Our own settings of deliveries, and our event types."""
        words: list[str] = []
        defaults = {item.name: item.default for item in fields(Settings)}
        for item in of_delivery():
            value, name = getattr(self._settings, item.name), item.name.replace("_", "-")
            if value == defaults[item.name]:
                continue
            if isinstance(value, bool):
                words.append(f"--{'' if value else 'no-'}{name}")
            else:
                is_file = (self.folder / str(value)).is_file()
                words.append(f"--{name}={self.folder / str(value) if is_file else value}")
        contracts = self._settings.contracts
        return [*words, *([f"--contracts={(self.folder / contracts).resolve()}"] if contracts else [])]

    def _keys(self) -> Mapping[str, str]:
        """A run against this simulator needs these; the environment hides them from other users."""
        return {
            "FRONTSIM_OBSERVE_DISCREETLY": "1",
            "FRONTSIM_TOKEN": self._settings.token,
            "FRONTSIM_API_KEY": self._settings.api_key,
            "FRONTSIM_SUBSCRIPTION_KEY": self._settings.subscription_key,
        }


def _playables(folder: Path) -> list[Playable]:
    found = [(tomllib.loads(file.read_text("utf-8")), file.stem) for file in sorted(folder.glob("*.toml"))]
    found.sort(key=lambda each: each[0].get("order", 0))
    return [Playable(name, said["breaks"], said["holds"]) for said, name in found]


def _url(fields: Fields, name: str) -> str:
    text = (fields.text(name, "a URL", required=True, most=_LONGEST) or "").strip()
    try:
        parts = urlsplit(text)
        is_url = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        is_url = False
    if text and not is_url:
        fields.refuse(name, "a URL such as http://127.0.0.1:8500/hook")
    return text


def _host(url: str) -> str:
    """Its host as it is compared, "" for a URL that its readers may take differently; loopback has one name."""
    try:
        host = (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""
    if re.search(r"[\\\s]", url):
        return ""
    return "localhost" if host in ("127.0.0.1", "::1") else host


def _shown(option: str, value: Any) -> str:
    texts = [str(each) for each in value] if isinstance(value, list) else [str(value)]
    return " ".join(
        masked_command(text) if f"--{option.removeprefix('--')}" in COMMAND_OPTIONS else masked(text) for text in texts
    )
