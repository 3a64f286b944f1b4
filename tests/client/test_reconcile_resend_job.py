import pytest

from frontsim.client.reconcile import STALLED_ROUNDS, Due, JobLimits, is_refused_for_good, run_resend_job

SALE, RETURN = ("webhook", "sale"), ("webhook", "return")


class Failures:
    """Due events follow a script, one entry a look; the last stays."""

    def __init__(self, *looks, for_good=False):
        self.looks = list(looks)
        self.for_good = for_good
        self.resent = []

    def due(self):
        events = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        return Due(sorted(events), frozenset(events), self.for_good)

    def resend(self, events):
        self.resent.append(events)


@pytest.fixture
def runs():
    """Runs the job over failures; gives whether time ended it, and the pauses."""

    def run(failures, *, late_after=10**6, waits=0, **others):
        pauses, asked = [], iter(range(waits))
        limits = JobLimits(
            pause=pauses.append,
            is_late=lambda: len(failures.resent) >= late_after,
            may_wait=lambda _: next(asked, None) is not None,
            **others,
        )
        return run_resend_job(failures, limits), pauses

    return run


def test_the_job_ends_when_nothing_is_left(runs):
    """Each round resends what is due then, and nothing else."""
    failures = Failures([SALE, RETURN], [SALE], [])
    assert (False, [0.0, 0.0]) == runs(failures)
    assert [sorted([SALE, RETURN]), [SALE]] == failures.resent


def test_the_job_ends_when_nothing_moves(runs):
    """Longer pauses, then no further round: a receiver that refuses everything is not asked for ever."""
    failures = Failures([SALE])
    assert (False, [0.0, 0.01, 0.04, 0.09, 0.16]) == runs(failures)
    assert STALLED_ROUNDS == len(failures.resent)


def test_a_receiver_that_may_be_starting_is_asked_now_and_then(runs):
    """As often as the caller allows, whatever the number of rounds; one that calls the request wrong is not."""
    failures = Failures([SALE])
    assert 3 + STALLED_ROUNDS == len(runs(failures, waits=3, rounds=STALLED_ROUNDS)[1])
    assert STALLED_ROUNDS == len(runs(Failures([SALE], for_good=True), waits=3)[1])


def test_the_job_makes_no_more_rounds_than_asked(runs):
    """`rounds` is a step's own limit."""
    failures = Failures([SALE, RETURN], [SALE], [RETURN], [])
    runs(failures, rounds=2)
    assert 2 == len(failures.resent)


def test_a_careful_job_ends_with_the_first_round_that_changes_nothing(runs):
    """And no rounds at all only look."""
    failures = Failures([SALE, RETURN], [SALE])
    runs(failures, stalled_rounds=1)
    assert [sorted([SALE, RETURN]), [SALE]] == failures.resent
    looked = Failures([SALE])
    runs(looked, rounds=0)
    assert [] == looked.resent


def test_a_round_that_changes_the_mark_has_changed_something(runs):
    """The same events may be due again, because their resends could not be made."""

    class Unmade(Failures):
        def due(self):
            return Due([SALE], mark=min(3, len(self.resent)))

    failures = Unmade()
    runs(failures, stalled_rounds=1)
    assert 4 == len(failures.resent)


def test_time_that_ends_a_job_before_it_gave_up_leaves_it_unfinished(runs):
    """Events that are left then prove nothing; a job that had given up is finished all the same."""
    assert runs(Failures([SALE, RETURN], [SALE]), late_after=1)[0] is True
    assert runs(Failures([SALE]), late_after=STALLED_ROUNDS, waits=1)[0] is True
    assert runs(Failures([SALE]), late_after=STALLED_ROUNDS)[0] is False


@pytest.mark.parametrize(
    ("status_codes", "expected"), [([400, 422], True), ([400, 429], False), ([400, 500], False), ([None], False)]
)
def test_what_no_further_try_would_change(status_codes, expected):
    """A 4xx, but for those that speak of the moment: 408, 409, 423, 425, 429."""
    assert is_refused_for_good(status_codes) is expected


def test_the_job_waits_as_the_receiver_asks(runs):
    """Before each round for as long as it asks then, or for longer where nothing moves."""

    class Asking(Failures):
        def due(self):
            return Due([SALE] if len(self.resent) < 3 else [], len(self.resent), wait_s=2.0)

    assert (False, [2.0, 2.0, 2.0]) == runs(Asking())
