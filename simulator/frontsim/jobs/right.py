"""Right jobs that work in other ways than the simple one."""

import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from frontsim.jobs.job import Entry, Failed, Job

_AT_ONCE = 8


class Parallel(Job):
    """It resends eight events at the same time; when the API asks one of them to wait, all wait."""

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
    """It lists without `success=false`, and picks what failed by itself: `runsCounter` 0 is still on its way."""

    def query(self) -> dict[str, str]:
        from_, to = self.window()
        return {"from": from_, "to": to}

    def failed(self, entries: list[Entry]) -> list[Entry]:
        return [entry for entry in entries if entry["success"] is False and entry["runsCounter"] > 0]
