"""The ways to read effects: URL, command, sink, function, database, import.

An observer gives the present list of effects, each a text, a number or an object. Its failure is `ObserverFailed`,
never an empty list: a dead observer must not look like a receiver that lost everything.

A driver, and the user's own function, can hang or fill the memory, so they run in a process that can be killed.
"""

import math
import re
import sqlite3
import ssl
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from threading import Lock
from typing import Any, Protocol
from urllib.parse import quote

import httpx
import orjson

from frontsim.client.bounded import BoundedReader, TooMuch, TooSlow
from frontsim.client.errors import excerpt, reason_of
from frontsim.client.http import read_url
from frontsim.clock import stopwatch
from frontsim.errors import BadInput, FrontsimError
from frontsim.masking import masked_command
from frontsim.verification import patience
from frontsim.verification.effects import bounded, content
from frontsim.verification.effects.account import Account
from frontsim.verification.effects.bounded import sqlite_rows, without_password
from frontsim.verification.effects.changes import Steadiness
from frontsim.verification.effects.correlate import BUSINESS
from frontsim.verification.effects.foreign_code import IMPORT, SQL, NoEffects, PythonProcess
from frontsim.verification.effects.look import Blocks, NotAList, json_blocks, line_blocks, row_blocks
from frontsim.verification.patience import READ_S


class ObserverFailed(FrontsimError):
    """The effects could not be read; nothing is known of them."""


class ObserverHung(ObserverFailed):
    """The observer has used up its time without one answer, and is not asked again: more patience changes nothing."""


class Observer(Protocol):
    """Reads the effects as they are now. `name` says how, for people."""

    name: str

    def read(self, limit_s: float = READ_S) -> Sequence[Any]:
        """All effects, within so many seconds.

        Raises:
            ObserverFailed: they could not be read; the text says what was expected and what came.
        """

    def close(self) -> None:
        """Release what it holds."""


_MANY, _COSTLY_S = 1_000, 5.0
"""The length of a list, and the seconds of a run that its looks may take, from which a report says so."""


class SharedObserver:
    """An observer that several scenarios read at once: reads never overlap; one serves all callers that wait.

    It decides how long a read may take: `longest_s` at most, and within what is left until `ends_s`. One that has
    answered before and fails now may be restarting with the receiver: it is asked for `patience_s`, once until it
    answers again. One that never answered is asked no more once its reads have taken the longest time of one, or a run
    would wait for it at each look. `steadiness` follows its looks at the effects' `key`, and `account` what came
    without one. `given_up` says why it is not asked any more.
    """

    def __init__(
        self,
        observer: Observer,
        *,
        pause: Callable[[float], None],
        patience_s: float = 0.0,
        longest_s: float = math.inf,
        ends_s: float = math.inf,
        key: str = BUSINESS,
    ) -> None:
        self.name = observer.name
        self.steadiness = Steadiness(key)
        self.account = Account(key)
        self.given_up = ""
        self._observer = observer
        self._pause = pause
        self._longest_patience_s = patience_s
        self._patience_s = 0.0
        self._longest_s = longest_s
        self._ends_s = ends_s
        self._spent_s: float | None = 0.0
        self._has_hung = False
        self._lock = Lock()
        self._began_s = -math.inf
        self._effects: Sequence[Any] = ()
        self._looks, self._looked_s, self._most = 0, 0.0, 0

    @property
    def cost(self) -> str:
        """What reading a long list has cost the run, and how to read less; "" where that is little."""
        if self._most < _MANY or self._looked_s < _COSTLY_S:
            return ""
        return (
            f"{self._looks} looks at up to {self._most:,} effects took {self._looked_s:.0f} s: "
            "let the list begin shortly before the run, and leave payloads out"
        )

    def follow(self, key: str) -> None:
        """Begin anew to follow effects, by another key than at first. No look may be under way."""
        self.steadiness, self.account = Steadiness(key), Account(key)

    def newest(self) -> Sequence[Any]:
        """The result of the newest read that has ended; without one, as `read`."""
        return self.read() if math.isinf(self._began_s) else self._effects

    def read(self, limit_s: float = READ_S) -> Sequence[Any]:
        """The result of a read that began after this call."""
        asked_s = stopwatch()
        with self._lock:
            if self._began_s <= asked_s:
                began_s = stopwatch()
                self._effects = self._read_patiently(began_s, limit_s)
                self.steadiness.note(self._effects, now_s=began_s)
                self.account.note(self._effects, now_s=began_s)
                self._began_s = began_s
                self._looks, self._looked_s = self._looks + 1, self._looked_s + stopwatch() - began_s
                self._most = max(self._most, len(self._effects))
            return self._effects

    def _read_patiently(self, since_s: float, limit_s: float) -> Sequence[Any]:
        until_s = min(since_s + self._patience_s, self._ends_s)
        while True:
            if self.given_up:
                raise ObserverHung(self.given_up)
            began_s = stopwatch()
            longest_s = patience.read_s(self._longest_s, left_s=self._ends_s - began_s, has_hung=self._has_hung)
            try:
                found = self._observer.read(min(limit_s, longest_s))
            except ObserverFailed as failure:
                self._note_failure(failure, took_s=stopwatch() - began_s, longest_s=longest_s)
                if stopwatch() >= until_s:
                    self._patience_s = 0.0
                    raise
                self._pause(patience.RESTARTING_S)
            else:
                self._patience_s, self._spent_s, self._has_hung = self._longest_patience_s, None, False
                return found

    def _note_failure(self, failure: ObserverFailed, *, took_s: float, longest_s: float) -> None:
        self.steadiness.forget()
        self._has_hung = took_s >= longest_s
        if self._spent_s is not None:
            self._spent_s += took_s
            if self._has_hung or self._spent_s >= patience.read_s(self._longest_s):
                self.given_up = str(failure)

    def close(self) -> None:
        self._observer.close()


class UrlObserver:
    """A URL that answers GET with a JSON list, of ids or of objects.

    Args:
        url: as the user gave it.
        headers: more of them.
        tls: as httpx takes it.
        is_discreet: follow no redirect, and show nothing of an answer that is no list, as for a stranger's URL.
        keeps_past: what the first look shows is kept as values, and not only as text. It may be many thousand effects
            of earlier runs.
    """

    def __init__(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        tls: ssl.SSLContext | None = None,
        keeps_past: bool = True,
        is_discreet: bool = False,
    ) -> None:
        try:
            parsed = httpx.URL(url)
        except httpx.InvalidURL:
            parsed = httpx.URL("")
        if parsed.scheme not in ("http", "https") or not parsed.host:
            raise BadInput(f"--observe-url: expected a URL such as http://127.0.0.1:8500/effects, got {url!r}")
        self.name = f"GET {parsed.copy_with(query=None, userinfo=b'')}"
        self._url = url
        self._headers = {"Accept-Encoding": "identity", **(headers or {})}
        self._verify = tls or parsed.scheme == "https"
        self._http, self._reader = self._client(), BoundedReader()
        self._is_discreet = is_discreet
        self._keeps = keeps_past
        self._shown: Blocks[bytes] = Blocks()

    def read(self, limit_s: float = READ_S) -> Sequence[Any]:
        """One GET; what an answer has in common with the last one is not parsed again."""
        try:
            request = self._http.build_request("GET", self._url, timeout=limit_s)
            send, follow = partial(self._http.send, stream=True), not self._is_discreet
            answer = self._reader.read(send, request, limit_s=limit_s, follow=follow)
        except (TooSlow, httpx.TimeoutException):
            self._http.close()
            self._http, self._reader = self._client(), BoundedReader()
            raise ObserverFailed(
                f"{self.name}: expected a JSON list within {limit_s:.3g} s, got no whole answer (timed out)"
            ) from None
        except TooMuch as error:
            raise ObserverFailed(f"{self.name}: expected a JSON list that fits in memory, got {error}") from None
        except httpx.HTTPError as error:
            raise ObserverFailed(f"{self.name}: expected a JSON list, got no answer ({reason_of(error)})") from error
        if answer.status_code != 200:
            text = "" if self._is_discreet else excerpt(answer.body)[:120]
            raise ObserverFailed(f"{self.name}: expected 200 and a JSON list, got {answer.status_code} {text}".rstrip())
        try:
            self._shown = json_blocks(answer.body, self._shown, keeps=self._keeps)
        except orjson.JSONDecodeError as error:
            text = "no JSON" if self._is_discreet else _place_of(error)
            raise ObserverFailed(f"{self.name}: expected a JSON list, got {text}") from None
        except NotAList as error:
            raise ObserverFailed(f"{self.name}: expected a JSON list, got {error}") from None
        except TooMuch as error:
            raise ObserverFailed(f"{self.name}: expected a JSON list that fits in memory, got {error}") from None
        self._keeps = True
        return self._shown

    def close(self) -> None:
        self._http.close()

    def _client(self) -> httpx.Client:
        # a receiver with a single thread takes no event while our connection is open; with TLS, a proxy is before it
        limits = httpx.Limits() if self._url.startswith("https:") else httpx.Limits(max_keepalive_connections=0)
        return httpx.Client(headers=self._headers, trust_env=False, verify=self._verify, limits=limits)


class CommandObserver:
    """A command whose standard output has a line for each effect: an id, or a JSON object.

    Of what the first look shows, which may be many thousand effects of earlier runs, it keeps only the text.
    """

    def __init__(self, command: str) -> None:
        self.name = f"command {masked_command(command)}"
        self._command = command
        self._keeps = False
        self._shown: Blocks[bytes] = Blocks()

    def read(self, limit_s: float = READ_S) -> Sequence[Any]:
        try:
            done = bounded.run(self._command, limit_s=limit_s)
            if done.exit_code == 0:
                self._shown = line_blocks(done.text, self._shown, keeps=self._keeps)
        except TooSlow:
            raise ObserverFailed(f"{self.name}: expected its end within {limit_s:.3g} s, got none") from None
        except TooMuch as error:
            raise ObserverFailed(f"{self.name}: expected output that fits in memory, got {error}") from None
        if done.exit_code != 0:
            text = excerpt(done.errors)[:200]
            raise ObserverFailed(f"{self.name}: expected exit code 0, got {done.exit_code}: {text}")
        self._keeps = True
        return self._shown

    def close(self) -> None:
        """Nothing to do."""


class SinkObserver(UrlObserver):
    """The simulator's own stand-in for a shop or ERP: `/_sim/sink/NAME`."""

    def __init__(self, control_url: str, name: str, *, token: str = "") -> None:
        super().__init__(
            f"{read_url(control_url)}/sink/{quote(name, safe='')}",
            headers={"Authorization": f"Bearer {token}"} if token else {},
            keeps_past=False,
        )
        self.name = f"sink {name}"


class FunctionObserver:
    """The user's own function that gives a list."""

    def __init__(self, function: Callable[[], Iterable[Any]], *, name: str = "") -> None:
        self._function = function
        self.name = name or f"Python {getattr(function, '__qualname__', repr(function))}"

    def read(self, limit_s: float = READ_S) -> Sequence[Any]:  # noqa: ARG002 - a function in this process has no bound
        try:
            return list(self._function())
        except Exception as error:  # the user's own code may raise anything
            raise ObserverFailed(f"{self.name}: expected a list, got {type(error).__name__}: {error}") from error

    def close(self) -> None:
        """Nothing to do."""


def _place_of(error: orjson.JSONDecodeError) -> str:
    """Name the mistake and its place: `'..."b": 2}': unexpected end of data in line 1, column 2048`."""
    begin = max(0, error.pos - _NEAR)
    near = excerpt(error.doc[begin : error.pos + _NEAR].encode(errors="replace"))
    return f"{('...' if begin else '') + near!r}: {error.msg} in line {error.lineno}, column {error.colno}"


_NEAR = 60
"""Characters that are shown before and after the place at which a text stops to be JSON."""


Ignored = tuple[str, str]
"""A dotted path, and the text there of effects to leave out; "" for those with none."""


def read_ignored(texts: Iterable[str]) -> Sequence[Ignored]:
    """Read `--observe-ignore`. Raises BadInput."""
    found = [text.partition("=") for text in texts]
    for column, equals, value in found:
        if not column.strip() or not equals:
            raise BadInput(f"--observe-ignore: expected COLUMN=VALUE, such as source=web, got {column + value!r:.100}")
    return [(column.strip(), content.normalised(value) or "") for column, _, value in found]


class IgnoringObserver:
    """Another observer's effects, without those that other systems write.

    Args:
        observer: shows all.
        ignored: which to leave out.
    """

    def __init__(self, observer: Observer, ignored: Sequence[Ignored]) -> None:
        self.name = observer.name
        self._observer = observer
        self._ignored = ignored
        self._shown: Blocks[Sequence[Any]] = Blocks()

    def read(self, limit_s: float = READ_S) -> Sequence[Any]:
        found = [each for each in self._observer.read(limit_s) if not self._ignores(each)]
        self._shown = row_blocks(found, self._shown)
        return self._shown

    def close(self) -> None:
        self._observer.close()

    def _ignores(self, effect: Any) -> bool:
        return any(_text_at(effect, column) == value for column, value in self._ignored)


def _text_at(effect: Any, column: str) -> str:
    """The text there, of a flag as JSON has it; "" where there is none."""
    found = content.find(effect, column)
    return str(found).lower() if isinstance(found, bool) else content.normalised(found) or ""


_SQLITE = re.compile(r"sqlite:///(?P<path>.+)")


def sql_observer(dsn: str, query: str, *, start_s: float = READ_S) -> Observer:
    """A query, a row an effect. `sqlite:///FILE` needs nothing; others need the `sql` extra. Raises BadInput."""
    if "://" not in dsn:
        raise BadInput(f"--observe-sql: expected a DSN such as sqlite:///shop.db, got {dsn!r}")
    if match := _SQLITE.fullmatch(dsn):
        return SqliteObserver(match["path"], query)
    return ProcessObserver(f"SQL on {without_password(dsn)}", SQL, (dsn, query), "rows", start_s=start_s)


def import_observer(where: str, *, start_s: float = READ_S) -> Observer:
    """`pkg.mod:attr`: a list, or a callable that gives one. Raises BadInput."""
    module, _, attribute = where.partition(":")
    if not module or not attribute:
        raise BadInput(f"--observe-import: expected pkg.mod:attr, got {where!r}")
    return ProcessObserver(f"Python {where}", IMPORT, where, "a list", start_s=start_s)


class SqliteObserver:
    """A query on an SQLite file, which needs no separate process: SQLite can interrupt a long query."""

    def __init__(self, path: str, query: str) -> None:
        self.name = f"SQL on sqlite:///{path}"
        self._rows = sqlite_rows(path)
        self._query = query
        self._shown: Blocks[Sequence[Any]] = Blocks()

    def read(self, limit_s: float = READ_S) -> Sequence[Any]:
        """Run the query. A row of one column is its value; others are objects of their columns."""
        try:
            self._shown = row_blocks(self._rows(self._query, limit_s), self._shown)
        except TooSlow:
            raise ObserverFailed(f"{self.name}: expected rows within {limit_s:.3g} s, got none") from None
        except (sqlite3.Error, TooMuch) as error:
            raise ObserverFailed(f"{self.name}: expected rows, got {type(error).__name__}: {error}") from error
        return self._shown

    def close(self) -> None:
        """Nothing to do: each query has closed its own connection."""


class ProcessObserver:
    """Foreign code in a separate process: a database driver, or the user's own function.

    Args:
        name: as of every observer.
        kind: as of a `PythonProcess`, and `what`.
        expected: what it gives, for people.
        start_s: how long its start may take; one that took so long is started again at the next look.

    Raises:
        BadInput: what the user gave cannot be used.
    """

    def __init__(self, name: str, kind: str, what: object, expected: str, *, start_s: float = READ_S) -> None:
        self.name = name
        self._kind = kind
        self._what = what
        self._expected = expected
        self._process: PythonProcess | None = None
        self._shown: Blocks[Sequence[Any]] = Blocks()
        with suppress(TooSlow, NoEffects):  # the first look tells it
            self._process = PythonProcess(kind, what, limit_s=start_s)

    def read(self, limit_s: float = READ_S) -> Sequence[Any]:
        """One look; after one that took too long, or too much, in a new process."""
        try:
            if self._process is None or self._process.ended:
                self._process = PythonProcess(self._kind, self._what, limit_s=limit_s)
            effects = self._process.look(limit_s)
        except TooSlow:
            raise ObserverFailed(f"{self.name}: expected {self._expected} within {limit_s:.3g} s, got none") from None
        except TooMuch as error:
            text = f"{self.name}: expected {self._expected} that fit in memory, got {error}"
            raise ObserverFailed(text) from None
        except NoEffects as error:
            raise ObserverFailed(f"{self.name}: expected {self._expected}, {error}") from None
        except BadInput as error:
            raise ObserverFailed(str(error)) from None
        self._shown = row_blocks(effects, self._shown)
        return self._shown

    def close(self) -> None:
        if self._process is not None:
            self._process.end()
