"""What the list -> resend job remembers from one start to the next: a small JSON file, and a lock beside it.

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
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import httpx

from frontsim.errors import Unusable

OVERLAP = timedelta(days=2)
"""How far a window reaches back behind `since`: further than two clocks and time zones differ."""


def default_file(base_url: str, environment: Mapping[str, str]) -> Path:
    """Where the state of the job for that API is kept: a file for each API, in the user's folder for such.

    Raises:
        Unusable: the environment names no folder.
    """
    url = httpx.URL(base_url)
    name = f"reconcile-{url.host}-{url.port or url.scheme}.json".replace(":", "_").replace("/", "_")
    own = environment.get("FRONTSIM_STATE_DIR")
    if own:
        return Path(own) / name
    state_home, home = environment.get("XDG_STATE_HOME"), environment.get("HOME")
    if not (state_home or home):
        raise Unusable("name a file for the job's state with --state: neither XDG_STATE_HOME nor HOME is set")
    return (Path(state_home) if state_home else Path(str(home)) / ".local" / "state") / "frontsim" / name


class ReconcileState:
    """The state in a file.

    Args:
        file: it and its folder are made when there is something to write.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self.damage = ""
        """What was wrong with the file when it was read, "" for nothing."""
        self._since: dict[str, date] = {}

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """Hold the lock and read the file; False when another process holds it.

        Raises:
            Unusable: the lock file cannot be written.
        """
        lock_file = self.file.with_name(f"{self.file.name}.lock")
        try:
            lock_file.parent.mkdir(parents=True, exist_ok=True)
            lock = lock_file.open("a")
        except OSError as error:
            raise Unusable(
                f"name a file that can be written with --state: {lock_file} cannot ({error.strerror})"
            ) from None
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            self.read()
            yield True

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
        whole = self.file.with_name(f"{self.file.name}.new")
        try:
            with whole.open("w", encoding="utf-8") as new:
                json.dump(document, new, indent=1)
                new.flush()
                os.fsync(new.fileno())
            whole.replace(self.file)
        except OSError as error:
            raise Unusable(
                f"name a file that can be written with --state: {self.file} cannot ({error.strerror})"
            ) from None
