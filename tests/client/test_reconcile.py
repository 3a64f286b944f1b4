"""The list -> resend job, against a vendor whose every answer the test decides."""

import threading
from typing import Any

import httpx
import pytest

from frontsim.client.errors import Ambiguous, ApiError, Unreachable
from frontsim.client.reconcile import MAX_ROUNDS, ReconcileResult
from tests.client.scripted_vendor import (
    Vendor,
    answer,
    later,
    never_made,
    refused,
    refused_but_lost,
    taken,
    taken_but_lost,
    unreachable,
    unreadable,
)
from tests.support.patience import PATIENCE_S


def counts(result: ReconcileResult) -> tuple[int, int, int, int]:
    return result.listed, result.resent, result.recovered, len(result.left)


def test_nothing_failed() -> None:
    """An empty list is the end of the job; it was asked for as the guide shows it."""
    vendor = Vendor({})
    assert (0, 0, 0, 0) == counts(vendor.reconciled())
    assert [
        "/api/WebhooksEvents/w?from=2021-12-01&to=2021-12-15&success=false&includePayload=false&includeRuns=false"
    ] == [each.url.raw_path.decode() for each in vendor.asked]


def test_everything_recovers() -> None:
    """Each failed event is resent once, oldest first, and the list is asked again."""
    vendor = Vendor({"a": [taken], "b": [taken]})
    assert (2, 2, 2, 0) == counts(vendor.reconciled())
    assert ["a", "b"] == vendor.resends
    assert [] == vendor.slept


def test_the_oldest_is_resent_first() -> None:
    """Whatever order the API lists them in (open at the vendor)."""
    created = {"a": "2021-12-03T00:00:00", "b": "2021-12-01T00:00:00", "c": "2021-12-02T00:00:00"}
    vendor = Vendor(
        {name: [taken] for name in created}, more={name: {"createdDateTime": at} for name, at in created.items()}
    )
    vendor.reconciled()
    assert ["b", "c", "a"] == vendor.resends


def test_resends_at_the_same_time() -> None:
    """Four are under way together; the counts are right, and each event is resent once."""
    together = threading.Barrier(4, timeout=PATIENCE_S)

    def meet(event: dict[str, Any]) -> httpx.Response:
        together.wait()
        return taken(event)

    vendor = Vendor({str(number): [meet] for number in range(40)})
    assert (40, 40, 40, 0) == counts(vendor.reconciled(concurrency=4))
    assert len(set(vendor.resends)) == len(vendor.resends)


def test_a_rate_limit_holds_all_threads() -> None:
    """Three calls under way get a 429 each; one wait is enough for all, and no call is made in it."""
    together = threading.Barrier(3, timeout=PATIENCE_S)

    def limited(_: dict[str, Any]) -> httpx.Response:
        together.wait()
        return httpx.Response(429, headers={"Retry-After": "57"})

    vendor = Vendor({name: [limited, taken] for name in "abc"})
    assert (3, 3, 3, 0) == counts(vendor.reconciled(concurrency=3))
    assert [57.0] == vendor.slept


def test_an_event_out_of_attempts_is_reported_and_not_resent() -> None:
    """The log's counter of runs has the attempts of all starts; its first run was no resend."""
    vendor = Vendor({"a": [taken], "b": [taken]}, more={"a": {"runsCounter": 4}, "b": {"runsCounter": 3}})
    result = vendor.reconciled(max_attempts=3)
    assert ((2, 1, 1, 1), ["b"]) == (counts(result), vendor.resends)
    assert frozenset({"a"}) == result.spent


def test_what_would_end_every_webhooks_job() -> None:
    """Keys, quota and an API that is not there; but not one webhook's 404."""
    ends = {status: Vendor({}, lists=[answer(status)]).reconciled().ends_everything for status in (401, 403, 404)}
    assert {401: True, 403: True, 404: False} == ends
    assert Vendor({}, lists=[unreachable] * 4).reconciled().ends_everything
    assert not Vendor({}, lists=[lambda _: httpx.Response(200, text="<html>")]).reconciled().ends_everything


def test_the_job_reports_its_progress() -> None:
    """To a bar instead of a line."""
    told: list[tuple[int, int]] = []
    vendor = Vendor({"a": [taken], "b": [taken]})
    vendor.reconciled(progress=lambda done, of: told.append((done, of)))
    assert [(0, 2), (1, 2), (2, 2)] == told


def test_a_dry_run_only_lists() -> None:
    """A dry run resends nothing."""
    vendor = Vendor({"a": [taken]})
    result = vendor.reconciled(dry_run=True)
    assert ((1, 0, 0, 1), []) == (counts(result), vendor.resends)
    assert ["a"] == [entry.webhook_event_id for entry in result.left]


def test_rounds_go_on_while_they_bring_something() -> None:
    """An event that fails again is resent in the next round, as long as a round brings something."""
    vendor = Vendor({"a": [taken], "b": [refused, taken], "c": [refused, refused, taken]})
    # Rounds of 3, 2 and 1 resends.
    assert (3, 6, 3, 0) == counts(vendor.reconciled())
    assert ["a", "b", "c", "b", "c", "c"] == vendor.resends


def test_a_round_that_brings_nothing_is_the_last() -> None:
    """An event that fails for ever is left, and named."""
    vendor = Vendor({"a": [taken], "b": [refused]})
    result = vendor.reconciled()
    assert ((2, 3, 1, 1), ["a", "b", "b"]) == (counts(result), vendor.resends)
    assert ("b", 3) == (result.left[0].webhook_event_id, result.left[0].runs_counter)


def test_rounds_are_bounded() -> None:
    """A receiver that fails for ever while new failures come in does not keep the job for ever."""
    vendor = Vendor({"0": [refused]})

    def another(event: dict[str, Any]) -> httpx.Response:
        name = str(len(vendor.events))
        vendor.events[name], vendor.script[name] = vendor.failed(name), [refused]
        return refused(event)

    vendor.script["0"] = [another]
    # Round n resends n events: 1 + 2 + ... + 10 = 55, and the last list holds 11.
    assert (11, 55, 0, 11) == counts(vendor.reconciled())
    assert MAX_ROUNDS == vendor.resends.count("0")


def test_an_event_listed_twice_is_resent_once() -> None:
    """An entry that stands twice in the list is one event."""
    vendor = Vendor({"a": [taken]})
    vendor.lists = [lambda _: httpx.Response(200, json=[vendor.failed("a"), vendor.failed("a")])]
    assert (1, 1, 1, 0) == counts(vendor.reconciled())


def test_what_was_received_is_never_resent() -> None:
    """An API that ignores success=false must not make us resend what was received or is under way."""
    vendor = Vendor({"a": [taken]})
    for other in ({"success": True}, {"success": None}, {"runsCounter": 0}):
        vendor.lists = [lambda _, other=other: httpx.Response(200, json=[{**vendor.failed("a"), **other}])]
        assert ((0, 0, 0, 0), []) == (counts(vendor.reconciled()), vendor.resends)


def test_an_answer_lost_after_the_resend_was_taken() -> None:
    """The event is looked at before anything else: it is received, so it is not resent again."""
    vendor = Vendor({"a": [taken_but_lost]})
    assert ((1, 1, 1, 0), ["a"]) == (counts(vendor.reconciled()), vendor.resends)
    assert "GET /api/WebhooksEvents/w/a" in [f"{each.method} {each.url.path}" for each in vendor.asked]


def test_an_answer_lost_after_the_resend_was_refused() -> None:
    """The counter of runs says that the resend was made: it counts, and only the next round may repeat it."""
    vendor = Vendor({"a": [refused_but_lost], "b": [taken]})
    # Round 1: both. Round 2: a alone, which brings nothing.
    assert ((2, 3, 1, 1), ["a", "b", "a"]) == (counts(vendor.reconciled()), vendor.resends)


def test_a_resend_that_is_still_under_way() -> None:
    """The event is looked at until its counter moves: a slow receiver is no reason to send twice."""
    vendor = Vendor({"a": [never_made]})
    looked = 0

    def not_yet(_: dict[str, Any]) -> httpx.Response:
        nonlocal looked
        looked += 1
        return httpx.Response(200, json=vendor.failed("a")) if looked < 4 else taken(vendor.events["a"])

    vendor.looks = [not_yet] * 4
    assert ((1, 1, 1, 0), ["a"]) == (counts(vendor.reconciled()), vendor.resends)
    assert [0.2, 0.5, 1.0, 2.0] == vendor.slept


def test_a_resend_that_was_never_made() -> None:
    """A counter that stands still for longer than a receiver may take says so: the next round may try again."""
    vendor = Vendor({"a": [never_made, taken]})
    assert ((1, 1, 1, 0), ["a", "a"]) == (counts(vendor.reconciled()), vendor.resends)
    assert sum(vendor.slept) > 30  # seconds: the receiver's time-out


def test_a_resend_that_can_never_be_made() -> None:
    """Three tries are enough."""
    vendor = Vendor({"a": [never_made]})
    assert ((1, 0, 0, 1), ["a"] * 3) == (counts(vendor.reconciled()), vendor.resends)


def test_an_event_that_cannot_be_looked_at_is_not_resent() -> None:
    """An event that cannot be looked at, or shows no counter, is left alone: it may have been resent."""
    blind = Vendor({"a": [never_made]}, looks=[never_made] * 100)
    assert ((1, 1, 0, 1), ["a"]) == (counts(blind.reconciled()), blind.resends)
    gone = Vendor({"a": [never_made], "b": [taken]}, looks=[answer(404)] * 7)
    assert ((2, 2, 1, 1), ["a", "b"]) == (counts(gone.reconciled()), gone.resends)
    shut = Vendor({"a": [never_made], "b": [taken]}, looks=[answer(401)])
    assert (2, 1, 0, 2) == counts(shut.reconciled())
    mute = Vendor({"a": [never_made]}, counter=False)
    assert ((1, 1, 0, 1), ["a"]) == (counts(mute.reconciled()), mute.resends)


def test_an_answer_that_cannot_be_read() -> None:
    """A 2xx means that the resend was made, whatever its body; the list says how it went."""
    vendor = Vendor({"a": [unreadable]})
    assert ((1, 1, 1, 0), ["a"]) == (counts(vendor.reconciled()), vendor.resends)


def test_an_api_that_answers_before_the_run() -> None:
    """The vendor leaves open if deliver waits for the run: an entry without a new run is looked at until it has one."""
    vendor = Vendor({"a": [later, taken], "b": [taken]})
    assert ((2, 3, 2, 0), ["a", "b", "a"]) == (counts(vendor.reconciled()), vendor.resends)
    assert [0.2] == vendor.slept


def test_an_api_that_is_back_in_a_moment() -> None:
    """A call that certainly was not sent may be sent again, after a while."""
    vendor = Vendor({"a": [unreachable, unreachable, taken]})
    assert (1, 1, 1, 0) == counts(vendor.reconciled())
    assert [1.0, 2.0] == vendor.slept


def test_a_long_list_tells_how_far_it_is() -> None:
    """Every hundred resends something is said."""
    vendor = Vendor({str(number): [taken] for number in range(201)})
    vendor.reconciled()
    assert ["webhook w: round 1, 201 to resend", "webhook w: 100 of 201", "webhook w: 200 of 201"] == vendor.said


def test_a_rate_limit_is_waited_out() -> None:
    """A 429 is waited out as Retry-After asks, a second if it asks for nothing, and the call is made again."""
    vendor = Vendor({"a": [answer(429, Retry_After="57"), answer(429), taken]})
    vendor.lists = [answer(429, Retry_After="3")]
    assert (1, 1, 1, 0) == counts(vendor.reconciled())
    assert [3.0, 57.0, 1.0] == vendor.slept
    assert "the API answered 429: waiting 57 s" in vendor.said


def test_a_limit_without_end() -> None:
    """A Retry-After of hours, or a limit that never ends, ends the job; the counts stay."""
    hours = Vendor({"a": [taken], "b": [answer(429, Retry_After="7200")]})
    result = hours.reconciled()
    assert (2, 1, 1, 1) == counts(result)
    assert isinstance(result.stopped, ApiError)
    ever = Vendor({"a": [answer(429)]})
    assert isinstance(ever.reconciled().stopped, ApiError)
    assert 11 == len(ever.resends)


@pytest.mark.parametrize("status", [401, 403])
def test_keys_that_are_refused(status: int) -> None:
    """Refused keys end the job at once."""
    vendor = Vendor({"a": [answer(status)], "b": [taken]})
    result = vendor.reconciled()
    assert ((2, 0, 0, 2), ["a"]) == (counts(result), vendor.resends)
    assert isinstance(result.stopped, ApiError)


def test_an_event_that_the_api_does_not_know() -> None:
    """A 404 concerns one event: it is left alone, the others go on."""
    vendor = Vendor({"a": [answer(404)], "b": [taken]})
    assert ((2, 1, 1, 1), ["a", "b"]) == (counts(vendor.reconciled()), vendor.resends)


def test_an_api_that_breaks_once() -> None:
    """A 500 may come behind the deed: the event is looked at, then tried in the next round."""
    vendor = Vendor({"a": [answer(500), taken], "b": [answer(503, Retry_After="5"), taken]})
    assert ((2, 2, 2, 0), ["a", "b", "a", "b"]) == (counts(vendor.reconciled()), vendor.resends)
    assert [1.0, 5.0, 1.0] == vendor.slept


def test_an_api_that_does_nothing_any_more() -> None:
    """Ten resends in a row that were not made end the job."""
    vendor = Vendor({str(number): [answer(500)] for number in range(50)})
    result = vendor.reconciled()
    assert ((50, 0, 0, 50), 10) == (counts(result), len(vendor.resends))
    assert isinstance(result.stopped, ApiError)


def test_an_api_that_is_gone() -> None:
    """An API that is not there ends the job; what recovered until then stays counted."""
    vendor = Vendor({"a": [taken], "b": [unreachable]})
    result = vendor.reconciled()
    assert (2, 1, 1, 1) == counts(result)
    assert isinstance(result.stopped, Unreachable)


def test_a_list_that_comes_in_the_end() -> None:
    """Listing changes nothing, so it is repeated a few times."""
    vendor = Vendor({"a": [taken]}, lists=[never_made, unreachable, answer(500)])
    assert (1, 1, 1, 0) == counts(vendor.reconciled())


def test_a_list_that_never_comes() -> None:
    """A list that cannot be read ends the job before anything is resent."""
    vendor = Vendor({"a": [taken]}, lists=[never_made] * 4)
    result = vendor.reconciled()
    assert ((0, 0, 0, 0), []) == (counts(result), vendor.resends)
    assert isinstance(result.stopped, Ambiguous)
