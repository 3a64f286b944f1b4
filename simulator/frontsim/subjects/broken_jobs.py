"""Jobs that are broken in one way each, and the registry of all jobs."""

import json
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from frontsim.errors import BadInput
from frontsim.subjects import jobs
from frontsim.subjects.jobs import Entry, Failed, Job
from frontsim.wording import first_paragraph, not_among


class WindowGap(Job):
    """Its window begins where its last start ended: what was created during that start, or failed late, is lost."""

    def window(self) -> tuple[str, str]:
        from_, to = super().window()
        file = self.folder / "last-end"
        return (file.read_text() if file.exists() else from_), to

    def run(self) -> int:
        code = super().run()
        _, tomorrow = super().window()
        now = datetime.fromisoformat(tomorrow) - timedelta(days=1)
        (self.folder / "last-end").write_text(now.isoformat())
        return code


class ResendsAll(Job):
    """It resends whatever is listed, delivered or not."""

    def query(self) -> dict[str, str]:
        from_, to = self.window()
        return {"from": from_, "to": to}

    def failed(self, entries: list[Entry]) -> list[Entry]:
        return entries


class LoopsForEver(Job):
    """It resends until nothing is left, so an event that can never succeed keeps it for ever."""

    def recover(self, webhook_id: str) -> None:
        while entries := self.failed(self.read_list(webhook_id)):
            for entry in entries:
                try:
                    self.resend(webhook_id, entry)
                except Failed:
                    continue


class IgnoresRetryAfter(Job):
    """It asks for the next event at once when the API asks it to wait."""

    def call(self, method: str, path: str, *, is_sure: bool = False, **parts: Any) -> Any:
        if is_sure:
            return super().call(method, path, is_sure=is_sure, **parts)
        answer = self.http.request(method, path, **parts)
        if not answer.is_success:
            raise Failed(f"the API answered {answer.status_code}")
        return answer


class StopsAtFirstError(Job):
    """The first event that cannot be resent ends it."""

    def note(self, text: str) -> None:
        super().note(text)
        sys.exit(1)


class OnlyToday(Job):
    """It lists what failed since midnight."""

    def window(self) -> tuple[str, str]:
        _, to = super().window()
        now = datetime.fromisoformat(to) - timedelta(days=1)
        return now.date().isoformat(), to


class OnlyFirstWebhook(Job):
    """It knows one webhook; the failures of all others stay."""

    def webhooks(self) -> Sequence[str]:
        return self.webhook_ids[:1]


class ResendsAPayloadOnce(Job):
    """It takes two events with one payload for one: the second webhook never gets its own."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        super().__init__(environment)
        self.resent: list[object] = []

    def query(self) -> dict[str, str]:
        return {**super().query(), "includePayload": "true"}

    def resend(self, webhook_id: str, entry: Entry) -> None:
        if entry["payload"] not in self.resent:
            self.resent.append(entry["payload"])
            super().resend(webhook_id, entry)


class UnknownIsDone(Job):
    """It takes a resend without an answer for done."""

    def failed(self, entries: list[Entry]) -> list[Entry]:
        done = self._done()
        return [entry for entry in super().failed(entries) if entry["webhookEventId"] not in done]

    def look(self, webhook_id: str, entry: Entry, error: Failed, /) -> Entry:
        if "no answer" not in str(error):
            return super().look(webhook_id, entry, error)
        (self.folder / "done.json").write_text(json.dumps([*self._done(), entry["webhookEventId"]]))
        return {"success": True}

    def _done(self) -> list[str]:
        file = self.folder / "done.json"
        found: list[str] = json.loads(file.read_text()) if file.exists() else []
        return found


class AsksAgainBlindly(Job):
    """It repeats a resend whose answer was lost, although it was made."""

    def look(self, webhook_id: str, entry: Entry, _: Failed, /) -> Entry:
        path = f"/WebhooksEvents/{webhook_id}/deliver/{entry['webhookEventId']}"
        after: Entry = self.call("POST", path).json()
        return after


class OverlappingRuns(Job):
    """It takes no lock, so two copies resend the same events."""

    @contextmanager
    def alone(self) -> Iterator[bool]:
        yield True


class StaleLock(Job):
    """Its lock file stays behind when it is killed, and keeps it from ever running again."""

    @contextmanager
    def alone(self) -> Iterator[bool]:
        lock = self.folder / "stale.lock"
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            yield False
            return
        try:
            yield True
        finally:
            lock.unlink()


class ToIsInclusive(Job):
    """It takes `to` for inclusive, and begins its next window a second later."""

    def window(self) -> tuple[str, str]:
        from_, tomorrow = super().window()
        now = datetime.fromisoformat(tomorrow) - timedelta(days=1)
        file = self.folder / "next-from"
        if file.exists():
            from_ = file.read_text()
        file.write_text((now + timedelta(seconds=1)).isoformat())
        return from_, now.isoformat()


class LocalTimeAsUtc(Job):
    """It writes UTC where the vendor reads its local time, so the last hour or two are never in its window."""

    def window(self) -> tuple[str, str]:
        now = datetime.now(UTC).replace(tzinfo=None)
        return (now - timedelta(days=30)).isoformat(), now.isoformat()


class ReadsPages(Job):
    """It resends the first hundred of a list that has no pages."""

    def read_list(self, webhook_id: str) -> list[Entry]:
        return super().read_list(webhook_id)[:100]


class ExitsWithZero(Job):
    """Whatever is left, it ends with exit code 0."""

    def exit_code(self) -> int:
        return 0


class PrintsItsKey(Job):
    """It prints the headers of its requests."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        super().__init__(environment)
        print("headers:", dict(self.http.headers))


class DiesOfNullStatus(Job):
    """It compares status codes, and dies of an event that was never answered."""

    def failed(self, entries: list[Entry]) -> list[Entry]:
        return [entry for entry in super().failed(entries) if entry["statusCode"] >= 300]


class ResendsPending(Job):
    """It takes what is still on its way for failed."""

    def query(self) -> dict[str, str]:
        from_, to = self.window()
        return {"from": from_, "to": to}

    def failed(self, entries: list[Entry]) -> list[Entry]:
        return [entry for entry in entries if not entry["success"]]


class TriesOnce(Job):
    """It never resends an event a second time."""

    def failed(self, entries: list[Entry]) -> list[Entry]:
        file = self.folder / "tried.json"
        tried: list[str] = json.loads(file.read_text()) if file.exists() else []
        due = [entry for entry in super().failed(entries) if entry["webhookEventId"] not in tried]
        file.write_text(json.dumps([*tried, *(entry["webhookEventId"] for entry in due)]))
        return due


class Hammers(Job):
    """It resends one event twenty times in a row while the receiver is down."""

    def resend(self, webhook_id: str, entry: Entry) -> None:
        for _ in range(20):
            try:
                super().resend(webhook_id, entry)
            except Failed:
                time.sleep(0.01)
            else:
                return
        raise Failed("twenty resends failed")


class DeletesItsWebhook(Job):
    """It deletes its webhook when it is done: every event from then on is lost."""

    def recover(self, webhook_id: str) -> None:
        super().recover(webhook_id)
        self.http.delete(f"/Webhooks/{webhook_id}")


class PointsElsewhere(Job):
    """It points its webhook to a URL at which nothing listens."""

    def recover(self, webhook_id: str) -> None:
        super().recover(webhook_id)
        self.http.put(f"/Webhooks/{webhook_id}", json={"url": "http://127.0.0.1:9/hook"})


class SubscribesAgain(Job):
    """It creates its webhook a second time, so each event arrives twice."""

    def recover(self, webhook_id: str) -> None:
        super().recover(webhook_id)
        known = self.http.get(f"/Webhooks/{webhook_id}").json()
        self.http.post("/Webhooks", json={"event": known.get("event"), "url": known.get("url")})


@dataclass(frozen=True, slots=True)
class JobVariant:
    """One job; a right one has no `expected` class and no `cases`."""

    name: str
    make: type[Job]
    expected: str = ""
    cases: tuple[str, ...] = ()

    @property
    def bug(self) -> str:
        """The sentence in its class that says what is wrong with it (of a right one: how it differs)."""
        return first_paragraph(self.make)


def _by_name(*variants: JobVariant) -> Mapping[str, JobVariant]:
    found = {variant.name: variant for variant in variants}
    assert len(found) == len(variants), "two jobs of one name"
    return found


CORRECT_JOBS = _by_name(
    JobVariant("simple", Job),
    JobVariant("parallel", jobs.Parallel),
    JobVariant("filters-itself", jobs.FiltersItself),
)

BROKEN_JOBS = _by_name(
    JobVariant("window-gap", WindowGap, "missed", ("between-two-starts", "late-failure")),
    JobVariant("resends-all", ResendsAll, "resent-delivered", ("delivered-between", "every-webhook", "still-pending")),
    JobVariant("loops-for-ever", LoopsForEver, "endless", ("never-succeeds", "receiver-still-down")),
    JobVariant("ignores-retry-after", IgnoresRetryAfter, "hammered", ("api-429",)),
    JobVariant("stops-at-first-error", StopsAtFirstError, "gave-up-early", ("never-succeeds",)),
    JobVariant("only-today", OnlyToday, "missed", ("every-webhook", "window-edges")),
    JobVariant("only-first-webhook", OnlyFirstWebhook, "missed", ("every-webhook",)),
    JobVariant("resends-a-payload-once", ResendsAPayloadOnce, "missed", ("every-webhook",)),
    JobVariant("unknown-is-done", UnknownIsDone, "missed", ("resend-not-made",)),
    JobVariant("asks-again-blindly", AsksAgainBlindly, "resent-delivered", ("lost-resend-answer",)),
    JobVariant("overlapping-runs", OverlappingRuns, "resent-delivered", ("two-at-once",)),
    JobVariant("stale-lock", StaleLock, "missed", ("killed-midway",)),
    JobVariant("to-is-inclusive", ToIsInclusive, "missed", ("between-two-starts",)),
    JobVariant("local-time-as-utc", LocalTimeAsUtc, "missed", ("just-failed",)),
    JobVariant("reads-pages", ReadsPages, "missed", ("long-list",)),
    JobVariant(
        "exits-with-zero", ExitsWithZero, "silent", ("never-succeeds", "receiver-still-down", "fails-again", "api-401")
    ),
    JobVariant("prints-its-key", PrintsItsKey, "leaked", ("a-plain-failure",)),
    JobVariant("dies-of-null-status", DiesOfNullStatus, "crashed", ("status-null",)),
    JobVariant("resends-pending", ResendsPending, "resent-delivered", ("still-pending",)),
    JobVariant("tries-once", TriesOnce, "gave-up-early", ("fails-again", "receiver-still-down")),
    JobVariant("hammers", Hammers, "hammered", ("receiver-still-down",)),
    JobVariant(
        "deletes-its-webhook",
        DeletesItsWebhook,
        "unsubscribed",
        ("a-plain-failure", "between-two-starts", "every-webhook"),
    ),
    JobVariant("points-elsewhere", PointsElsewhere, "unsubscribed", ("a-plain-failure", "between-two-starts")),
    JobVariant("subscribes-again", SubscribesAgain, "unsubscribed", ("a-plain-failure", "between-two-starts")),
)


def find(name: str) -> JobVariant:
    """A job by its name, right or broken.

    Raises:
        BadInput: there is none; the text names all.
    """
    known = {**CORRECT_JOBS, **BROKEN_JOBS}
    if name not in known:
        raise BadInput(not_among(known, name, expected="a job"))
    return known[name]
