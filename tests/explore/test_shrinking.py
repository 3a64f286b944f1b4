import random
from dataclasses import replace

import pytest

from frontsim.domain.model import Trigger
from frontsim.explore.grammar import repaired, why_illegal
from frontsim.explore.shrinking import few_steps, recurs, reductions, shrink_all, size
from frontsim.verdicts import Verdict
from frontsim.verification.effects.classes import Class
from frontsim.verification.effects.history import History
from frontsim.verification.judge.checks import Finding, Judgement
from frontsim.verification.played import Played
from frontsim.verification.scenario.scenario import Scenario
from frontsim.verification.scenario.steps import Clear, Drain, InjectFault, Raise, Reconcile, Resend, Restart, Wait
from tests.explore.schedules import ALL, drawn

KEY = (Class.DUPLICATED, "books-a-repeat-once")
LOST = (Class.LOST, "books-what-is-resent")


class Modelled:
    """A receiver as a function of the schedule: `breaks` says how likely the finding is."""

    def __init__(self, breaks, key=KEY):
        self.breaks = breaks
        self.key = key
        self.batches = []
        self.dice = random.Random(1)

    def __call__(self, schedules, in_a_hurry):
        self.batches.append((len(schedules), in_a_hurry))
        return [self._played(each) for each in schedules]

    def _played(self, schedule):
        is_found = self.dice.random() < self.breaks(schedule)
        findings = (Finding(*self.key, "SaleCreated", "1", "twice"),) if is_found else ()
        return Played(schedule, History(schedule.name), Judgement(Verdict.VIOLATED, findings=findings))


def restart_then_resend(schedule):
    """It forgets its ids at a restart."""
    kinds = [type(step) for step in schedule.steps]
    return float(
        Restart in kinds and Resend in kinds[kinds.index(Restart) :] and Raise in kinds[: kinds.index(Restart)]
    )


def shrink(schedule, key, play, *, is_over=lambda _: False):
    """What is left of one finding."""
    (shrunk,) = shrink_all([(schedule, key)], ALL, play, is_over=is_over)
    return shrunk


def found(breaks):
    """The first drawn schedule that shows it."""
    return next(each for each in drawn(ALL, seed=5, number=300) if breaks(each))


def test_what_shows_in_each_try_becomes_the_smallest_story():
    """An event, a kill, a resend; the last tries have time for what comes late."""
    model = Modelled(restart_then_resend)
    shrunk = shrink(found(restart_then_resend), KEY, model)
    assert [Raise, Restart, Resend] == [type(step) for step in shrunk.schedule.steps]
    assert 1 == shrunk.schedule.steps[0].count
    assert (10, 10) == (shrunk.seen, shrunk.tries)
    assert (10, False) == model.batches[-1]


def test_a_race_is_shrunk_by_as_many_tries_as_it_needs():
    """It shows in two of three tries, and the report says in how many it was seen."""
    race = Modelled(lambda schedule: 0.66 * restart_then_resend(schedule))
    shrunk = shrink(found(restart_then_resend), KEY, race)
    assert len(shrunk.schedule.steps) <= 5
    assert 0 < shrunk.seen < 10


def test_what_does_not_recur_is_not_shrunk():
    """It was seen once in 13 tries, and its schedule stays."""
    schedule = found(restart_then_resend)
    shrunk = shrink(schedule, KEY, Modelled(lambda _: 0.0))
    assert (schedule, 1, 13) == (shrunk.schedule, shrunk.seen, shrunk.tries)


def test_another_finding_is_no_recurrence():
    """A smaller schedule that breaks another clause is another story."""
    shrunk = shrink(found(restart_then_resend), LOST, Modelled(lambda _: 1.0))
    assert 1 == shrunk.seen


def test_it_ends_when_its_time_is_over():
    """The smallest schedule by then is kept."""
    schedule = found(restart_then_resend)
    shrunk = shrink(schedule, KEY, Modelled(restart_then_resend), is_over=lambda _: True)
    assert (repaired(schedule, ALL), 10) == (shrunk.schedule, shrunk.seen)


@pytest.mark.parametrize("seed", range(5))
def test_every_candidate_is_legal_and_smaller(seed):
    """So shrinking ends, and accuses no receiver of what the generator would not."""
    for schedule in drawn(ALL, seed=seed, number=10):
        for each in reductions(schedule, ALL):
            assert "" == why_illegal(each, ALL)
            assert size(each) < size(schedule)
            assert each.name == schedule.name


def test_steps_that_have_lost_what_they_are_about_go_too():
    """An end without a fault, a resend of a label that is gone, an idle fault, and what each end has anyway."""

    def left(*steps):
        return repaired(Scenario("s", "-", "-", steps), ALL).steps

    fault = InjectFault("refuse", match={"trigger": str(Trigger.RESEND)})
    sale = Raise(["SaleCreated"], label="a")
    plain = replace(sale, label="")
    assert () == left(Clear(), Resend(), Reconcile(), Drain())
    assert (sale, Resend(label="a")) == left(Clear(), sale, Resend(label="a"), Resend(label="c"))
    assert (plain,) == left(fault, sale, Drain(), Clear())
    assert (plain, Drain(), Resend()) == left(sale, Drain(), Drain(), Resend(), Drain())
    broken = replace(fault, match={})
    assert (broken, plain, Clear(), Resend()) == left(broken, sale, Drain(), Clear(), Resend(), Drain())


def test_a_second_finding_begins_from_what_the_first_has_shown():
    """One bug breaks two clauses: what is played for the one is not played again for the other."""

    class Both(Modelled):
        def _played(self, schedule):
            played = super()._played(schedule)
            both = tuple(Finding(*key, "SaleCreated", "1", "twice") for key in (KEY, LOST))
            return replace(
                played, judgement=replace(played.judgement, findings=both if played.judgement.findings else ())
            )

    schedule, model = found(restart_then_resend), Both(restart_then_resend)
    alone = Both(restart_then_resend)
    first, second = shrink_all([(schedule, KEY), (schedule, LOST)], ALL, model, is_over=lambda _: False)
    shrink(schedule, KEY, alone)
    assert first.schedule == second.schedule
    assert len(model.batches) < 2 * len(alone.batches)


def test_recurring_is_the_same_class_and_the_same_clause():
    """Both are kept while a schedule is shrunk."""
    (played,) = Modelled(lambda _: 1.0)([found(restart_then_resend)], True)
    assert recurs(played, KEY)
    assert not recurs(played, LOST)


def test_what_shows_by_chance_in_a_long_schedule_shows_in_one_step_with_many_events():
    """It does not recur by itself, because it was about what other schedules sent meanwhile."""

    def crowded(schedule):
        return float(sum(step.count for step in schedule.steps if isinstance(step, Raise)) > 12)

    schedule = next(each for each in drawn(ALL, seed=5, number=300) if len(each.steps) > 9 and not crowded(each))
    shrunk = shrink(schedule, KEY, Modelled(crowded))
    assert [Raise] == [type(step) for step in shrunk.schedule.steps]
    assert (10, 10) == (shrunk.seen, shrunk.tries)


def test_events_between_two_of_the_same_are_tried_as_others_sent_them():
    """A memory of the last hundred ids forgets what a crowd came behind."""

    def forgets(schedule):
        counts = [step.count for step in schedule.steps if isinstance(step, Raise)]
        return float(sum(counts) > 100 and isinstance(schedule.steps[-1], Resend))

    schedule = Scenario("s", "-", "-", (Raise(["SaleCreated"], count=3), Drain(), Resend(), Wait(0.1), Resend()))
    steps = shrink(schedule, KEY, Modelled(forgets)).schedule.steps
    assert [Raise, Resend] == [type(step) for step in steps if not isinstance(step, Drain)][-2:]
    assert len(steps) <= 3


def test_luck_is_no_recurrence():
    """What showed once and in none of the last tries gives way to the schedule before it, which shows it surely."""

    class Lucky(Modelled):
        """One event alone shows it in the first try, and never again."""

        def _played(self, schedule):
            is_one = len(schedule.steps) == 1
            self.breaks = (lambda _: float(not self.lucky)) if is_one else restart_then_resend
            self.lucky = self.lucky or is_one
            return super()._played(schedule)

    model = Lucky(restart_then_resend)
    model.lucky = False
    shrunk = shrink(found(restart_then_resend), KEY, model)
    assert len(shrunk.schedule.steps) > 1
    assert (10, 10) == (shrunk.seen, shrunk.tries)


def test_each_smaller_schedule_is_told_at_once():
    """The line on a terminal tells the shortest so far."""
    told = []
    shrink_all(
        [(found(restart_then_resend), KEY)],
        ALL,
        Modelled(restart_then_resend),
        is_over=lambda _: False,
        on_smaller=lambda place, schedule: told.append((place, size(schedule))),
    )
    assert {0} == {place for place, _ in told}
    assert told == sorted(told, reverse=True)
    assert 3 == told[-1][1][0]


@pytest.mark.parametrize("seed", range(3))
def test_few_steps_are_legal(seed):
    """They raise the odds, and accuse no right receiver."""
    for schedule in drawn(ALL, seed=seed, number=5):
        candidates = list(few_steps(schedule, ALL))
        assert all("" == why_illegal(each, ALL) and size(each) < size(schedule) for each in candidates)


def test_two_webhooks_become_one():
    """Where the finding is not about them."""
    schedule = replace(found(restart_then_resend), webhooks=2)
    assert 1 == next(iter(reductions(schedule, ALL))).webhooks


def test_a_wait_is_halved_until_it_is_short():
    """A bug that needs some time would otherwise be played for as long as the budget lasts."""
    model = Modelled(lambda schedule: float(any(isinstance(step, Wait) for step in schedule.steps)))
    schedule = Scenario("s", "-", "-", (Raise(["SaleCreated"]), Wait(2.0), Resend()))
    waits = [step for step in shrink(schedule, KEY, model).schedule.steps if isinstance(step, Wait)]
    assert [True] == [0.05 <= each.seconds <= 0.1 for each in waits]
    assert len(model.batches) < 20


def test_what_showed_another_finding_by_luck_is_not_all_that_is_tried_for_it():
    """One step showed it once while the first finding was shrunk; it needs two steps with many events."""

    class Lucky(Modelled):
        is_first = True

        def _played(self, schedule):
            played = super()._played(schedule)
            raises = [step for step in schedule.steps if isinstance(step, Raise)]
            is_lucky = self.is_first and len(schedule.steps) == 1
            self.is_first = self.is_first and not is_lucky
            is_crowd = len(raises) > 1 and sum(step.count for step in raises) > 40
            more = (Finding(*LOST, "SaleCreated", "1", "gone"),) if is_lucky or is_crowd else ()
            return replace(played, judgement=replace(played.judgement, findings=(*played.judgement.findings, *more)))

    first, second = Raise(["SaleCreated"]), Raise(["CustomerCreated"])
    schedule = Scenario("s", "-", "-", (first, second, Drain(), Restart(), Resend()))
    model = Lucky(restart_then_resend)
    _, second = shrink_all([(schedule, KEY), (schedule, LOST)], ALL, model, is_over=lambda _: False)
    assert ([Raise, Raise], 10) == ([type(step) for step in second.schedule.steps], second.seen)
