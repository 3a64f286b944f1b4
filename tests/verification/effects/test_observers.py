import gc
import subprocess
import sys
import threading
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress

import httpx
import orjson
import pytest

from frontsim.client.bounded import BoundedReader
from frontsim.clock import stopwatch
from frontsim.errors import BadInput
from frontsim.hosting.serving import run_in_thread
from frontsim.settings import Settings
from frontsim.verification.effects import bounded, observers
from frontsim.verification.effects.look import look_at
from frontsim.verification.effects.observers import (
    CommandObserver,
    FunctionObserver,
    IgnoringObserver,
    ObserverFailed,
    SharedObserver,
    SinkObserver,
    UrlObserver,
    read_ignored,
)
from tests.support.patience import PATIENCE_S


def test_a_command_prints_a_line_for_each_effect():
    """Lines are ids or JSON objects; empty ones are nothing."""
    assert CommandObserver("printf 'a\\n\\n{\"id\": 1}\\n'").read() == ["a", {"id": 1}]


def test_a_command_that_fails_is_a_failure():
    """Another exit code than 0 is told with what the command said."""
    with pytest.raises(ObserverFailed, match="expected exit code 0, got 3: no shop"):
        CommandObserver("echo no shop >&2; exit 3").read()


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (500, b"oops", "expected 200 and a JSON list, got 500 oops"),
        (200, b"<html>", "expected a JSON list, got '<html>': unexpected character"),
        (200, b'[{"text": "' + 99 * b"x" + b'"}, {"a":}]', """x"}, {"a":}]': unexpected character, expected a JSON"""),
        (200, b'[{"a": 1},\n{"b":', "unexpected end of data in line 2, column 6"),
        (200, b"{}", "expected a JSON list, got dict"),
    ],
)
def test_a_url_that_shows_no_list_is_a_failure(shop, status, body, told):
    """An error page is not an empty list."""
    shop.shows = lambda: (status, body)
    with (
        closing(UrlObserver(f"{shop.url}/effects?token=secret")) as observer,
        pytest.raises(ObserverFailed) as failed,
    ):
        observer.read()
    assert told in str(failed.value)
    assert "secret" not in str(failed.value)


@pytest.mark.parametrize(("status", "body"), [(500, b"oops hush"), (200, b"<p>hush"), (200, b'["hush", x]')])
def test_a_discreet_observer_shows_nothing_of_what_is_no_list(shop, status, body):
    """A stranger who names the URL learns that something answers, and no more."""
    shop.shows = lambda: (status, body)
    with (
        closing(UrlObserver(f"{shop.url}/effects", is_discreet=True)) as observer,
        pytest.raises(ObserverFailed, match=r"expected (200 and )?a JSON list, got (500|no JSON)$") as failed,
    ):
        observer.read()
    assert "hush" not in str(failed.value)


def test_a_discreet_observer_follows_no_redirect():
    """A receiver could lead it to any host that this machine reaches."""
    internal = httpx.Response(200, json=["secret"])
    moved = httpx.Response(302, headers={"Location": "http://internal/"})
    network = httpx.MockTransport(lambda request: internal if request.url.host == "internal" else moved)
    for is_discreet in (True, False):
        with closing(UrlObserver("http://shop/effects", is_discreet=is_discreet)) as observer:
            observer._http = httpx.Client(transport=network)
            if is_discreet:
                with pytest.raises(ObserverFailed, match=r"got 302$"):
                    observer.read()
            else:
                assert ["secret"] == observer.read()


@pytest.mark.parametrize(
    ("body", "most_bytes"),
    [
        (b'["' + b"x" * 3_000_000 + b'"]', 2_000_000),  # more than is read
        (b"[" + b"1," * 1_500_000 + b"1]", 2**26),  # more values
        (b"{" + b" " * 3_000_000, 2**26),  # no list
    ],
)
def test_a_look_that_failed_leaves_nothing_behind(shop, monkeypatch, body, most_bytes):
    """Its error must not keep what was read in a cycle, which Python frees late: 64 MiB a look."""
    monkeypatch.setattr(observers, "BoundedReader", lambda: BoundedReader(most_bytes))
    shop.shows = lambda: (200, body)
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        with closing(UrlObserver(f"{shop.url}/effects")) as observer:
            for _ in range(3):
                with suppress(ObserverFailed):
                    observer.read()
            assert tracemalloc.get_traced_memory()[0] < 1_500_000
    finally:
        tracemalloc.stop()
        gc.enable()


_PEAK = """
import sys, tracemalloc
from frontsim.verification.effects.look import look_at
from frontsim.verification.effects.observers import CommandObserver, UrlObserver
way, where = sys.argv[1:]
observer = CommandObserver(where) if way == "command" else UrlObserver(where, keeps_past=False)
tracemalloc.start()
looks = [len(look_at(observer.read(), "id")) for _ in range(3)]
print(*looks, tracemalloc.get_traced_memory()[1] // 2**20)
"""


@pytest.mark.slow
@pytest.mark.parametrize("way", ["command", "url"])
def test_looks_at_a_long_past_take_twice_its_size(shop, tmp_path, way):
    """One for the text of the last look, and one for this one's: not for copies, lines and values."""
    rows = [orjson.dumps({"id": f"e{number}", "text": "x" * 2_000}) for number in range(8_000)]  # 16 MiB
    shop.shows = lambda: (200, b"[%b]" % b",".join(rows))
    (tmp_path / "rows").write_bytes(b"\n".join(rows))
    where = f"cat '{tmp_path}/rows'" if way == "command" else f"{shop.url}/effects"
    told = subprocess.run([sys.executable, "-c", _PEAK, way, where], capture_output=True, check=True).stdout.split()
    assert [b"8000"] * 3 == told[:3]
    assert int(told[3]) < 40  # MiB: 16 twice, and half as much again


@pytest.mark.parametrize(
    ("first", "then", "kept"),
    [
        (b'[{"a":1}]', b'[{"a":1},{"a":2},{"b":[3]}]', 1),  # it has grown
        (b'[{"a":1}]', b'[{"a":1}]', 1),
        (b'[{"a":1}]', b'[{"a":2},{"a":3}]', 0),
        (b'[{"a":1}]', b'[{"b":0},{"a":1}]', 0),  # the newest first
        (b'[{"a":1},{"a":2}]', b'[{"a":1}]', 0),
        (b"[1]", b"[12]", 0),  # the number goes on
        (b"[1]", b"[1, 2]", 1),
        (b"[]", b"[1]", 0),
        (b"[1]\n", b"[1,2]\n", 0),
    ],
)
def test_of_a_list_that_has_grown_the_new_part_alone_is_parsed(shop, first, then, kept):
    """Whatever changes, a look shows what the whole body says."""
    bodies = iter([first, then])
    shop.shows = lambda: (200, next(bodies))
    with closing(UrlObserver(f"{shop.url}/effects")) as observer:
        before, after = observer.read(), observer.read()
    assert orjson.loads(then) == after
    assert kept <= sum(one is other for one, other in zip(before, after, strict=False))


@pytest.mark.parametrize("then", [b"[1,]", b"[1,2", b"[1,2]]", b"[1,,2]", b"[1,2]x"])
def test_a_list_that_has_grown_into_no_json_is_a_failure(shop, then):
    """Its beginning was JSON, and the whole is not."""
    bodies = iter([b"[1]", then])
    shop.shows = lambda: (200, next(bodies))
    with closing(UrlObserver(f"{shop.url}/effects")) as observer:
        assert [1] == observer.read()
        with pytest.raises(ObserverFailed, match="expected a JSON list"):
            observer.read()


def test_a_url_without_a_server_is_a_failure(free_port):
    """No answer is told as such."""
    with (
        closing(UrlObserver(f"http://127.0.0.1:{free_port()}/effects")) as observer,
        pytest.raises(ObserverFailed, match="got no answer"),
    ):
        observer.read()


def test_a_sink_is_read_from_the_simulator():
    """Calls to the simulator's sink are a list of effects; an unused name is an empty one."""
    running = run_in_thread(Settings(port=0, ephemeral=True))
    try:
        httpx.post(
            f"{running.control_url}/sink/my shop", json={"webhookEventId": "a"}, trust_env=False, timeout=PATIENCE_S
        )
        with closing(SinkObserver(running.control_url, "my shop")) as observer:
            assert [{"webhookEventId": "a"}] == observer.read()
        with closing(SinkObserver(running.control_url, "other")) as observer:
            assert observer.read() == []
    finally:
        running.stop()


def test_keys_are_read_from_objects_and_texts():
    """An effect is the id itself, or has it at the key; without one it has no key."""
    shown = FunctionObserver(lambda: ["A", {"meta": {"id": 7}}, {"other": 1}])
    assert [each.key for each in look_at(shown.read(), "meta.id")] == ["A", "7", None]


def test_a_command_that_hangs_is_ended():
    """The failure tells what it was given."""
    with pytest.raises(ObserverFailed, match=r"expected its end within 0.1 s"):
        CommandObserver("exec sleep 5").read(0.1)


def test_a_url_that_hangs_is_asked_anew_by_another_connection(shop):
    """The answer that did not come in time is not taken for the next one's."""
    may_answer = threading.Event()
    shop.shows = lambda: (200, b"[]" if may_answer.wait(PATIENCE_S) else b"")
    with closing(UrlObserver(f"{shop.url}/effects")) as observer:
        for _ in range(2):
            with pytest.raises(ObserverFailed, match=r"within 0.1 s, got no whole answer"):
                observer.read(0.1)
        may_answer.set()
        assert [] == observer.read(PATIENCE_S)


def test_more_than_fits_in_memory_is_a_failure(monkeypatch, shop):
    """Of an answer, and of a command's output."""
    monkeypatch.setattr(bounded, "MOST_BYTES", 10)
    monkeypatch.setattr(observers, "BoundedReader", lambda: BoundedReader(10))
    shop.shows = lambda: (200, b'["a long effect"]')
    with closing(UrlObserver(f"{shop.url}/effects")) as observer:
        for each in (observer, CommandObserver("echo a long effect")):
            with pytest.raises(ObserverFailed, match="that fits in memory, got more than"):
                each.read()


class SlowObserver:
    """An observer whose reads last until the test lets them end."""

    name = "slow"

    def __init__(self):
        self.reads, self.begun, self.go_on = 0, threading.Semaphore(0), threading.Semaphore(0)

    def read(self, limit_s):
        self.reads += 1
        number = self.reads
        self.begun.release()
        assert self.go_on.acquire(timeout=PATIENCE_S)
        return [number]

    def close(self):
        """Nothing to do."""


def test_a_shared_read_serves_all_who_wait_for_it(monkeypatch):
    """While one read lasts, three ask: one more read, which begins after they asked, serves them all."""
    asked = threading.Semaphore(0)

    def counted():
        now = stopwatch()
        asked.release()
        return now

    monkeypatch.setattr(observers, "stopwatch", counted)
    slow = SlowObserver()
    shared = SharedObserver(slow, pause=time.sleep)
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(shared.read)
        assert slow.begun.acquire(timeout=PATIENCE_S)
        others = [pool.submit(shared.read) for _ in range(3)]
        assert all(asked.acquire(timeout=PATIENCE_S) for _ in range(5))  # two moments of the first, one of each other
        slow.go_on.release(2)
        assert [[1], [2], [2], [2]] == [first.result(PATIENCE_S), *(each.result(PATIENCE_S) for each in others)]


class Restarting:
    """An observer that fails so many times after its first answer."""

    name = "restarting"

    def __init__(self, failures):
        self.answers = [True] + [False] * failures + [True]

    def read(self, limit_s):
        if len(self.answers) > 1 and not self.answers.pop(0):
            raise ObserverFailed("connection refused")
        return ["e"]

    def close(self):
        pass


def test_an_observer_that_restarts_with_the_receiver_is_asked_again():
    """It has answered before: a supervisor takes seconds to start it again."""
    pauses = []
    shared = SharedObserver(Restarting(3), pause=pauses.append, patience_s=60)
    assert [["e"], ["e"]] == [shared.read(), shared.read()]
    assert 3 == len(pauses)


class Recovering:
    """An observer that shows less before and after it fails."""

    name = "recovering"

    def __init__(self):
        self.answers = [["a", "b"], ["a"], None, ["a", "b"]]

    def read(self, limit_s):
        if (shown := self.answers.pop(0)) is None:
            raise ObserverFailed("connection refused")
        return shown

    def close(self):
        pass


def test_what_was_gone_before_a_failure_is_forgotten():
    """The receiver may have been restarted: what is back then was not hidden by the observer."""
    shared = SharedObserver(Recovering(), pause=lambda _: None, patience_s=60, key="id")
    assert [["a", "b"], ["a"], ["a", "b"]] == [shared.read() for _ in range(3)]
    assert not shared.steadiness.is_suspect


@pytest.mark.parametrize(("answers", "patience_s"), [([False, True], 60), ([True, False, False, True], 0)])
def test_an_observer_that_never_answered_or_stays_away_fails(answers, patience_s):
    """It may not be there yet, or patience is used up: each read then fails at once."""
    observer = Restarting(0)
    observer.answers = answers
    shared = SharedObserver(observer, pause=lambda _: None, patience_s=patience_s)
    if answers[0]:
        shared.read()
    with pytest.raises(ObserverFailed):
        shared.read()


def test_what_other_systems_write_is_left_out():
    """By the text at a path, also of numbers, flags and objects inside; nothing after = means that none is there."""
    shop = {"id": "a", "source": "web"}
    till = {"id": "b", "source": "till", "meta": {"test": True, "store": 7}}
    ours = {"id": "c", "source": None, "meta": {"test": False}}
    shown = FunctionObserver(lambda: [shop, till, ours, "d"])

    def left(*texts):
        return list(IgnoringObserver(shown, read_ignored(texts)).read())

    assert [till, ours, "d"] == left("source=web")
    assert [ours, "d"] == left("source=web", "source=till")
    assert [shop, ours, "d"] == left("meta.store=7") == left("meta.test=true")
    assert [shop, till] == left("source=")


@pytest.mark.parametrize("text", ["source", "=web", " =web", ""])
def test_what_names_no_column_to_ignore_is_refused(text):
    with pytest.raises(BadInput, match="--observe-ignore: expected COLUMN=VALUE, such as source=web"):
        read_ignored([text])


def test_what_is_left_out_costs_later_looks_nothing_new():
    """The block of unchanged effects is the same object in both looks."""
    shown = [{"id": "a", "source": "web"}, {"id": "b"}]
    observer = IgnoringObserver(FunctionObserver(lambda: list(shown)), read_ignored(["source=web"]))
    first = observer.read()
    shown.append({"id": "c", "source": "web"})
    assert first.blocks == observer.read().blocks


def test_the_cost_of_a_long_list_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """20,000 effects of an earlier season are read again at each look; a short list, or quick looks, are not told."""
    now = iter(range(0, 1000, 2))  # each reading of the clock is 2 s later
    monkeypatch.setattr(observers, "stopwatch", lambda: float(next(now)))
    effects = [{"webhookEventId": str(number)} for number in range(20_000)]
    short = SharedObserver(FunctionObserver(lambda: effects[:10]), pause=time.sleep)
    long = SharedObserver(FunctionObserver(lambda: effects), pause=time.sleep)
    for _ in range(3):
        short.read()
        long.read()
    assert "" == short.cost
    assert long.cost.startswith("3 looks at up to 20,000 effects took ")
    assert "let the list begin shortly before the run" in long.cost
    monkeypatch.setattr(observers, "_COSTLY_S", 1000.0)
    assert "" == long.cost
