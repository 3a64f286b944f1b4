"""How a call can fail, what the API said about it, and which failed calls are made again.

    CallError                   the call did not do what it was made for, or its answer is unreadable
    ├── Unreachable             not done: no address, no connection or no TLS, so nothing was sent
    ├── Ambiguous               sent, at least in part, but no whole answer came: it may have been done
    ├── ApiError                answered, but not with a 2xx; `retry_after_s` says when to come back
    └── UnexpectedAnswer        answered with a 2xx, so done, but we cannot read the body

Only the bodies of the vendor's gateway are known; those of the API behind it are open, so `error_text` reads
every form.

`RetryPolicy` is the one retry loop. A read changes nothing, so `read` repeats it after every failure that may pass. For
a call that does something, the caller names with `when` the failures after which it was certainly not done.
"""

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import orjson

from frontsim.errors import FrontsimError

EXCERPT = 300
"""Characters of a body that are shown."""

_SENTENCES = 1500


class CallError(FrontsimError):
    """A call did not do what it was made for. Its text names the call, and may be shown."""


class Unreachable(CallError):
    """Nothing of the call arrived anywhere, so it was certainly not done."""


class Ambiguous(CallError):
    """The call was sent, at least in part, and no whole answer came: it may have been done."""


class ApiError(CallError):
    """The API answered, but not with a 2xx.

    Args:
        message: the call, the status and an excerpt of the body.
        status: the HTTP status.
        body: the body as text, cut to 300 characters.
        retry_after_s: seconds that the API asks to wait, None if it names none.
    """

    def __init__(self, message: str, *, status: int, body: str, retry_after_s: float | None) -> None:
        super().__init__(message)
        self.status = status
        self.body = body
        self.retry_after_s = retry_after_s


class UnexpectedAnswer(CallError):
    """The call was done (2xx), but its answer is not of the form that we can read."""

    def __init__(self, where: str, *, expected: str, got: object) -> None:
        super().__init__(f"{where}: expected {expected}, got {_shown(got)}")


def is_call_error(info: Any) -> bool:
    """As the `__tracebackhide__` of a module: pytest shows a failed call at the user's own line, not inside of ours."""
    return isinstance(info.value, CallError)


def reason_of(error: Exception) -> str:
    """Why a connection failed, without the number that the system has for it: `Connection refused`."""
    return re.sub(r"^\[Errno -?\d+\] ", "", str(error)) or type(error).__name__


def error_text(content: bytes) -> str:
    """Puts an error body in words: the gateway's `message`, a problem's `detail`, or its `title` and `errors`.

    Any other body is shown as it begins.
    """
    try:
        value = orjson.loads(content)
    except orjson.JSONDecodeError:
        return excerpt(content)
    if not isinstance(value, dict):
        return excerpt(content)
    for name in ("detail", "message"):
        if isinstance(value.get(name), str) and value[name]:
            return excerpt(value[name].encode(errors="replace"), most=_SENTENCES)
    fields = value.get("errors")
    if isinstance(value.get("title"), str) and isinstance(fields, dict):
        texts = [
            f"{name}: {text}" for name, each in fields.items() for text in (each if isinstance(each, list) else [each])
        ]
        return excerpt("; ".join([value["title"], *texts]).encode(errors="replace"), most=_SENTENCES)
    return excerpt(content)


def excerpt(content: bytes, *, most: int = EXCERPT) -> str:
    """The beginning of a body as one line of text, `most` characters of it."""
    text = " ".join(content[: 4 * most].decode(errors="replace").split())
    return text if len(text) <= most else f"{text[:most]}..."


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds from `Retry-After`, which is a number or a date.

    A date is measured against the answer's own `Date`, so that a wrong clock here does no harm.
    """
    text = headers.get("Retry-After", "").strip()
    if text.isdecimal():
        return float(text)
    try:
        wait = parsedate_to_datetime(text) - parsedate_to_datetime(headers.get("Date", ""))
    except (TypeError, ValueError):
        return None
    return max(0.0, wait.total_seconds())


def _shown(value: object) -> str:
    if isinstance(value, str):
        return repr(value) if len(value) <= EXCERPT else f"{value[:EXCERPT]!r}..."
    return excerpt(orjson.dumps(value, default=repr))


READ_DELAYS_S = (1.0, 2.0, 4.0)
"""Seconds between the tries of a read: one try more than delays."""

LONGEST_WAIT_S = 900.0
"""A longer `Retry-After` is a quota, not a rate limit: the call fails instead."""

T = TypeVar("T")
Sleep = Callable[[float], None]
Say = Callable[[str], None]


class CallGate:
    """Holds the calls of all threads while one of them waits as the API asked.

    Calls that were under way together get a 429 each. The first of them waits for all; the others go on after that.

        thread 1   call -> 429 -> [ holds the gate, sleeps ] -> call
        thread 2   call -> 429 -> .......... at the gate ....-> call
        thread 3   .............. at the gate ...............-> call
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waits = 0

    def enter(self) -> int:
        """Wait until no thread holds the gate; the number of waits so far."""
        with self._lock:
            return self._waits

    def hold(self, wait: Callable[[], None], *, since: int | None = None) -> None:
        """Wait with the gate closed, unless another thread has done so after `since`."""
        with self._lock:
            if since in (None, self._waits):
                wait()
                self._waits += 1


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Repeats calls. Safe to use from several threads: when the API asks one of them to wait, all wait.

    Args:
        sleep: waits so many seconds.
        say: shows the user, in a sentence, why a call waits.
        longest_wait_s: the longest `Retry-After` to wait for.
    """

    sleep: Sleep
    say: Say = lambda _: None
    longest_wait_s: float = LONGEST_WAIT_S
    gate: CallGate = field(default_factory=CallGate)

    def read(self, call: Callable[[], T]) -> T:
        """Make a call that changes nothing; again when no answer came, or the API was busy or failed.

        Raises:
            CallError: the last try's, or one that no further try would change.
        """
        return self.repeat(call, when=may_pass, delays_s=READ_DELAYS_S)

    def repeat(self, call: Callable[[], T], *, when: Callable[[CallError], bool], delays_s: Iterable[float]) -> T:
        """Make a call until it succeeds.

        Args:
            call: what to do.
            when: whether to repeat it after this error.
            delays_s: seconds to wait before each further try; asked for the next one only after a failure, so a
                generator can end by a deadline. `Retry-After` makes a wait longer, never shorter.

        Raises:
            CallError: the last one, when the delays are used up, `when` says no, or the API asks for too long a wait.
        """
        delays = iter(delays_s)
        while True:
            since = self.gate.enter()
            try:
                return call()
            except CallError as error:
                delay_s = next(delays, None) if when(error) else None
                if delay_s is None:
                    raise
                self.wait(error, at_least_s=delay_s, since=since)

    def wait(self, error: CallError, *, at_least_s: float = 1.0, since: int | None = None) -> None:
        """Wait for as long as the API asks in its answer, and no less than `at_least_s`.

        Args:
            error: how the call ended.
            at_least_s: seconds.
            since: what `gate.enter` gave before the call: a wait that was made meanwhile is not made again.

        Raises:
            CallError: `error` itself, where the API asks for more than `longest_wait_s`.
        """
        if not isinstance(error, ApiError):
            self.sleep(at_least_s)
            return
        wait_s, status = max(at_least_s, error.retry_after_s or 0.0), error.status
        if wait_s > self.longest_wait_s:
            raise error

        def wait() -> None:
            self.say(f"the API answered {status}: waiting {wait_s:g} s")
            self.sleep(wait_s)

        if error.retry_after_s is not None or is_rate_limit(error):
            self.gate.hold(wait, since=since)
        else:
            wait()


def may_pass(error: CallError) -> bool:
    """A failed call may pass later if no answer came, or the API was busy (429) or failed (5xx)."""
    if isinstance(error, ApiError):
        return is_rate_limit(error) or error.status >= 500
    return isinstance(error, Ambiguous | Unreachable)


def is_rate_limit(error: CallError) -> bool:
    """A 429 says that the API refused the call, undone, because there were too many."""
    return isinstance(error, ApiError) and error.status == 429


def backoff_s(first_s: float, longest_s: float) -> Iterator[float]:
    """Delays without end, each twice the one before, up to `longest_s`."""
    while True:
        yield first_s
        first_s = min(2 * first_s, longest_s)
