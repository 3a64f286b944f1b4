"""The job's memory between two starts: its state under a lock, and its metrics.

{"webhooks": {"6f0e...": {"since": "2026-11-24"}}}

`since` is a day: whatever the webhook's log has from before it has arrived, or was given up and reported. The next
window begins there, or earlier. So a job that was down for a month, or a receiver that was, loses nothing. The file may
be deleted: the job then lists its default window.

The lock is `flock`'s, on a separate file, because the state file is replaced as a whole. The kernel releases it when
the process ends, however it ends.
"""

import fcntl
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import httpx

from frontsim.client.reconcile import ReconcileResult
from frontsim.errors import Unusable
from frontsim.files import opened

OVERLAP = timedelta(days=2)
"""How far a window reaches back behind `since`: further than two clocks and time zones differ."""


def default_file(base_url: str, environment: Mapping[str, str], *, of: str = "reconcile") -> Path:
    """Where the state of a command for that API is kept: a file for each API, in the user's folder for such.

    Raises:
        Unusable: the environment names no folder.
    """
    url = httpx.URL(base_url)
    name = f"{of}-{url.host}-{url.port or url.scheme}.json".replace(":", "_").replace("/", "_")
    own = environment.get("FRONTSIM_STATE_DIR")
    if own:
        return Path(own) / name
    state_home, home = environment.get("XDG_STATE_HOME"), environment.get("HOME")
    if not (state_home or home):
        raise Unusable("name a file for the job's state with --state: neither XDG_STATE_HOME nor HOME is set")
    return (Path(state_home) if state_home else Path(str(home)) / ".local" / "state") / "frontsim" / name


@contextmanager
def locked(file: Path) -> Iterator[bool]:
    """Hold the lock of a state file until the block ends; False when another process holds it.

    Raises:
        Unusable: the lock file cannot be written.
    """
    lock_file = file.with_name(f"{file.name}.lock")
    try:
        lock_file.parent.mkdir(0o700, parents=True, exist_ok=True)
        lock = opened(lock_file, "ab", private=True)
    except OSError as error:
        raise Unusable(f"name a file that can be written with --state: {lock_file} cannot ({error.strerror})") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def replace_state(file: Path, document: object) -> None:
    """Write a state file as a whole: a kill at any moment leaves the old one or the new one.

    Raises:
        Unusable: it cannot be written.
    """
    whole = file.with_name(f"{file.name}.new")
    try:
        with opened(whole, "wb", private=True) as new:
            new.write(json.dumps(document, indent=1).encode())
            new.flush()
            os.fsync(new.fileno())
        whole.replace(file)
    except OSError as error:
        raise Unusable(f"name a file that can be written with --state: {file} cannot ({error.strerror})") from None


class ReconcileState:
    """The state in a file.

    Args:
        file: it and its folder are made when there is something to write.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self.damage = ""
        """Says how the file was wrong when it was read, "" for not at all."""
        self._since: dict[str, date] = {}

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """Hold the lock and read the file; False when another process holds it.

        Raises:
            Unusable: the lock file cannot be written.
        """
        with locked(self.file) as is_alone:
            if is_alone:
                self.read()
            yield is_alone

    def read(self) -> None:
        """Read the file. A damaged one counts as none, because a job that stops for ever would lose more."""
        self._since, self.damage = {}, ""
        try:
            document = json.loads(self.file.read_text("utf-8"))
            self._since = {
                str(webhook_id): date.fromisoformat(entry["since"])
                for webhook_id, entry in document["webhooks"].items()
            }
        except FileNotFoundError:
            return
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            self.damage = f"{self.file}: expected the state of an earlier start, got something else ({error})"

    def window_from(self, webhook_id: str, default: date) -> date:
        """Where the webhook's window begins: never later than `default`."""
        since = self._since.get(webhook_id)
        return default if since is None else min(default, since - OVERLAP)

    def keep(self, webhook_id: str, since: date) -> None:
        """Note where a webhook's next window begins although this start did not finish it; an earlier note stays."""
        self.note(webhook_id, self._since.get(webhook_id, since))

    def note(self, webhook_id: str, since: date) -> None:
        """Remember, in the file, that everything from before that day has been dealt with.

        Raises:
            Unusable: the file cannot be written.
        """
        self._since[webhook_id] = since
        document = {"webhooks": {key: {"since": day.isoformat()} for key, day in sorted(self._since.items())}}
        replace_state(self.file, document)


_Count = Callable[[ReconcileResult], int]
_BY_WEBHOOK: Sequence[tuple[str, str, _Count]] = (
    ("events_listed", "Events that the log listed as failed.", lambda result: result.listed),
    ("resends", "Resends that were made, or may have been.", lambda result: result.resent),
    ("events_recovered", "Listed events that no longer fail.", lambda result: result.recovered),
    ("events_still_failing", "Listed events that still fail.", lambda result: len(result.left)),
    ("events_spent", "Events that are not resent any more (--max-attempts).", lambda result: len(result.spent)),
    ("stopped", "1 if the job could not finish this webhook.", lambda result: int(result.stopped is not None)),
)


def as_prometheus(results: Sequence[ReconcileResult], *, ended_s: float, duration_s: float, exit_code: int) -> str:
    """Gauges about the last start; `ended_s` in seconds since 1970."""
    lines: list[str] = []
    lines += _gauge("last_run_timestamp_seconds", "When the last start ended.", [("", ended_s)])
    lines += _gauge("duration_seconds", "How long the last start took.", [("", duration_s)])
    lines += _gauge("exit_code", "0 clean, 1 something still fails, 3 the job could not run.", [("", exit_code)])
    for name, help_text, count in _BY_WEBHOOK:
        values = [(f'{{webhook="{_escaped(result.webhook_id)}"}}', count(result)) for result in results]
        lines += _gauge(name, help_text, values)
    return "\n".join([*lines, ""])


def write(file: Path, text: str) -> None:
    """Replace the file as a whole, because a collector may read it at any moment.

    Raises:
        Unusable: it cannot be written.
    """
    whole = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with opened(whole, "wb") as new:
            new.write(text.encode())
        whole.replace(file)
    except OSError as error:
        raise Unusable(f"--metrics: expected a file that can be written, got {file} ({error.strerror})") from None


def _gauge(name: str, help_text: str, values: Sequence[tuple[str, float]]) -> Iterator[str]:
    whole = f"frontsim_reconcile_{name}"
    yield f"# HELP {whole} {help_text}"
    yield f"# TYPE {whole} gauge"
    yield from (f"{whole}{labels} {value:.15g}" for labels, value in values)


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
