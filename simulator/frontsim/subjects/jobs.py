"""Right list -> resend jobs.

lock -> for each webhook: list success=false -> resend each once -> exit code 1 if anything is left

It reads FRONTSIM_BASE_URL, FRONTSIM_API_KEY, FRONTSIM_SUBSCRIPTION_KEY and FRONTSIM_WEBHOOK_IDS, as every job under
`frontsim verify-recovery` can. Every step is a method, so that a broken job differs in the one that is broken.
"""

import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    import httpx

Entry = dict[str, Any]

WINDOW = timedelta(days=30)
"""How far back the job lists: it may be down for so long."""
TRIES = 4
_FIRST_PAUSE_S = 0.2
_LONGEST_RETRY_AFTER_S = 60.0
_VENDOR_ZONE = ZoneInfo("Europe/Oslo")


class Failed(Exception):
    """A call that has no good answer, after all tries."""


class Job:
    """Stateless and serial, with a window of thirty days and a lock.

    Every step is a method.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        keys = {
            "x-api-key": environment["FRONTSIM_API_KEY"],
            "Ocp-Apim-Subscription-Key": environment["FRONTSIM_SUBSCRIPTION_KEY"],
        }
        base_url = environment["FRONTSIM_BASE_URL"].rstrip("/")
        # `serve` has this module for the names of the jobs, and an HTTP client takes a quarter of its start.
        import httpx  # noqa: PLC0415

        self.failure = httpx.HTTPError
        self.http = httpx.Client(base_url=f"{base_url}/api", headers=keys, timeout=30, trust_env=False)
        self.webhook_ids = [each for each in environment["FRONTSIM_WEBHOOK_IDS"].split(",") if each]
        own = environment.get("FRONTSIM_STATE_DIR")
        self.folder = Path(own) if own else Path.home() / ".local" / "state" / "frontsim-job"
        self.folder.mkdir(0o700, parents=True, exist_ok=True)
        self.left = 0

    def run(self) -> int:
        """The exit code: 0 when nothing is left failing, 1 else."""
        with self.alone() as is_alone:
            if not is_alone:
                print("another copy of the job is running")
                return 0
            for webhook_id in self.webhooks():
                try:
                    self.recover(webhook_id)
                except Failed as error:
                    self.note(f"webhook {webhook_id}: {error}")
        return self.exit_code()

    def exit_code(self) -> int:
        """Returns cron's exit code, 1 where the job leaves failed events."""
        return 1 if self.left else 0

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """Hold the lock; False when another process has it. The system releases it, however the process ends."""
        with (self.folder / "job.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True

    def webhooks(self) -> Sequence[str]:
        """The webhooks to look after."""
        return self.webhook_ids

    def recover(self, webhook_id: str) -> None:
        """List what failed, and resend each once."""
        for entry in self.failed(self.read_list(webhook_id)):
            try:
                self.resend(webhook_id, entry)
            except Failed as error:
                self.note(f"event {entry['webhookEventId']}: {error}")

    def window(self) -> tuple[str, str]:
        """From long ago until tomorrow, in the vendor's local time: no clock is exact."""
        now = datetime.now(_VENDOR_ZONE).replace(tzinfo=None)
        return (now - WINDOW).isoformat(), (now + timedelta(days=1)).isoformat()

    def query(self) -> dict[str, str]:
        """The query of the list call."""
        from_, to = self.window()
        return {"from": from_, "to": to, "success": "false"}

    def read_list(self, webhook_id: str) -> list[Entry]:
        """Reads the log's list of failed events."""
        answer = self.call("GET", f"/WebhooksEvents/{webhook_id}", params=self.query(), is_sure=True)
        try:
            entries: list[Entry] = answer.json()
        except ValueError:
            raise Failed("expected a JSON list, got something else") from None
        return entries

    def failed(self, entries: list[Entry]) -> list[Entry]:
        """Those that failed."""
        return [entry for entry in entries if entry["success"] is False]

    def resend(self, webhook_id: str, entry: Entry) -> None:
        """Resend an event once."""
        event_id = entry["webhookEventId"]
        try:
            after = self.call("POST", f"/WebhooksEvents/{webhook_id}/deliver/{event_id}").json()
        except Failed as error:
            after = self.look(webhook_id, entry, error)
        if after.get("success") is not True:
            raise Failed(f"its resend failed: {after.get('status')}")

    def look(self, webhook_id: str, entry: Entry, error: Failed, /) -> Entry:
        """After a lost answer: the event as the log has it, if the resend was made."""
        event_id = entry["webhookEventId"]
        after: Entry = self.call("GET", f"/WebhooksEvents/{webhook_id}/{event_id}", is_sure=True).json()
        if after.get("runsCounter") == entry.get("runsCounter"):
            raise error
        return after

    def call(self, method: str, path: str, *, is_sure: bool = False, **parts: Any) -> "httpx.Response":
        """One call; `is_sure` says that it may be made again after every failure, because it changes nothing.

        Raises:
            Failed: no 2xx came.
        """
        pause_s = _FIRST_PAUSE_S
        for _ in range(TRIES):
            try:
                answer = self.http.request(method, path, **parts)
            except self.failure as error:
                failure = Failed(f"no answer ({type(error).__name__})")
                if not is_sure:
                    raise failure from None
            else:
                if answer.is_success and answer.text.lstrip()[:1] in ("{", "["):
                    return answer
                failure = Failed(f"the API answered {answer.status_code}")
                wait_s = float(answer.headers.get("retry-after", 0))
                if wait_s > _LONGEST_RETRY_AFTER_S or answer.status_code in (401, 403, 404):
                    raise failure
                if answer.status_code == 429:
                    time.sleep(self.asked_to_wait(wait_s))
                    continue
                if not is_sure:
                    raise failure
            time.sleep(pause_s)
            pause_s *= 2
        raise failure

    def asked_to_wait(self, seconds: float) -> float:
        """Seconds to wait when the API asks for so many."""
        return seconds

    def note(self, text: str) -> None:
        """Something is left."""
        self.left += 1
        print(text)


def main(make: Callable[[Mapping[str, str]], Job] = Job) -> int:
    """Run a job on this process's variables."""
    return make(os.environ).run()


_AT_ONCE = 8


class Parallel(Job):
    """It resends eight events at the same time.

    When the API asks one of them to wait, all wait.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        super().__init__(environment)
        self.gate = threading.Lock()

    def recover(self, webhook_id: str) -> None:
        def one(entry: Entry) -> str:
            with self.gate:
                pass
            try:
                self.resend(webhook_id, entry)
            except Failed as error:
                return f"event {entry['webhookEventId']}: {error}"
            return ""

        entries = self.failed(self.read_list(webhook_id))
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for problem in filter(None, pool.map(one, entries)):
                self.note(problem)

    def asked_to_wait(self, seconds: float) -> float:
        with self.gate:
            time.sleep(seconds)
        return 0.0


class FiltersItself(Job):
    """It picks what failed from an unfiltered list.

    It lists without `success=false`: `runsCounter` 0 is still on its way.
    """

    def query(self) -> dict[str, str]:
        from_, to = self.window()
        return {"from": from_, "to": to}

    def failed(self, entries: list[Entry]) -> list[Entry]:
        return [entry for entry in entries if entry["success"] is False and entry["runsCounter"] > 0]
