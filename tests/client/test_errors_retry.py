"""Reads that are made until they are answered."""

from itertools import islice

import pytest

from frontsim.client.errors import (
    Ambiguous,
    ApiError,
    CallError,
    RetryPolicy,
    UnexpectedAnswer,
    Unreachable,
    backoff_s,
    may_pass,
)


def error(status: int, retry_after_s: float | None = None) -> ApiError:
    return ApiError("no", status=status, body="", retry_after_s=retry_after_s)


def reading(*ends: Exception | str) -> tuple[object, list[float]]:
    """Return the result of a read whose tries end so, and how long it waited."""
    steps, slept = list(ends), list[float]()

    def call() -> str:
        end = steps.pop(0)
        if isinstance(end, Exception):
            raise end
        return end

    try:
        return RetryPolicy(slept.append).read(call), slept
    except CallError as caught:
        return caught, slept


def test_a_read_is_repeated() -> None:
    """No answer, a broken or busy API: a read may be made again, four times in all."""
    assert ("a", []) == reading("a")
    assert ("a", [1.0, 2.0, 4.0]) == reading(Ambiguous("1"), Unreachable("2"), error(500), "a")
    last = Ambiguous("4")
    assert (last, [1.0, 2.0, 4.0]) == reading(Ambiguous("1"), Ambiguous("2"), Ambiguous("3"), last)


@pytest.mark.parametrize("end", [error(404), error(401), error(302), UnexpectedAnswer("x", expected="a", got="b")])
def test_an_answer_that_no_try_would_change(end: Exception) -> None:
    """A call is not repeated if the API means its answer."""
    assert (end, []) == reading(end, "a")


def test_waits_that_the_api_asks_for() -> None:
    """Retry-After is honoured where it is longer than our own wait, and refused where it is a quota's."""
    assert ("a", [57.0, 2.0, 4.0]) == reading(error(429, 57.0), error(429, 0.0), error(503), "a")
    quota = error(429, 7200.0)
    assert (quota, []) == reading(quota, "a")


def test_delays_end_the_repeats() -> None:
    """`when` chooses the errors; delays are drawn only after a failure, and the last error is raised."""
    slept, asked = list[float](), 0

    def gone() -> str:
        nonlocal asked
        asked += 1
        raise Unreachable(str(asked))

    policy = RetryPolicy(slept.append)
    with pytest.raises(Unreachable, match="4"):
        policy.repeat(gone, when=lambda each: isinstance(each, Unreachable), delays_s=islice(backoff_s(1, 3), 3))
    assert [1, 2, 3] == slept
    with pytest.raises(Unreachable, match="5"):
        policy.repeat(gone, when=lambda each: isinstance(each, Ambiguous), delays_s=backoff_s(1, 3))
    assert "done" == policy.repeat(lambda: "done", when=may_pass, delays_s=())
