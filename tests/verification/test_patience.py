import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontsim.verification import patience
from frontsim.verification.patience import ONE_LOOK, Patience, ReceiverLatency, TimeLimits, WaitLimits

WAIT = WaitLimits(0.3, 3.0, 60.0)
"""A scenario waits by default 10 * 0.3 s for missing effects, and as long as it may take for the rest."""
SECONDS = st.floats(0, 1000)
LIMITS = st.builds(TimeLimits, settle_s=SECONDS, timeout_s=SECONDS, answer_s=SECONDS, last_s=SECONDS, kills_s=SECONDS)
LATENCIES = st.builds(
    ReceiverLatency, longest_s=SECONDS, never_settles=st.booleans(), leaves_rest=st.booleans(), settles=st.booleans()
)


def waits_of(decides):
    """Every wait that is decided for a scenario, from its start to its last look."""
    first = decides.first_wait()
    return {
        "first": first,
        "settling": decides.settling(first),
        "settling state": decides.settling_state(first),
        "coming to rest": decides.coming_to_rest(),
        "last": decides.last_wait(),
        "last, before a batch": decides.last_wait(may_await_batch=True),
    }


def seconds_of(decides):
    """Every number of seconds that is decided for a scenario."""
    return {
        "state": decides.state_s,
        "probe": decides.probe_drain_s,
        "drain": decides.drain_s(spent_s=0.0),
        "return": decides.return_s(breaks_dependency=False),
        "return of a dependency": decides.return_s(breaks_dependency=True),
        "kills": decides.kills_s,
        "reserved": decides.reserved_s,
    }


def test_a_user_who_says_nothing_has_these_limits():
    """They are in the docs, and a load test takes `last_s` from here."""
    assert TimeLimits() == TimeLimits(0.3, 60.0, 5.0, 15.0, 0.0, 0.0, math.inf)
    assert Patience() == Patience(TimeLimits(), ReceiverLatency())


@pytest.mark.parametrize(
    ("limits", "wait"),
    [
        (TimeLimits(), WAIT),
        (TimeLimits(settle_s=0.1), WaitLimits(0.1, 2.0, 60.0)),  # two seconds at least
        (TimeLimits(timeout_s=1.0), WaitLimits(0.3, 3.0, 3.0)),  # never too short for what is missing
    ],
)
def test_effects_are_waited_for_as_settle_and_timeout_say(limits, wait):
    assert wait == limits.wait_limits == Patience(limits).first_wait()


@pytest.mark.parametrize(
    ("settle_s", "missing_s"),
    [(0.3, 15.0), (1.5, 15.0), (2.0, 20.0)],
)
def test_a_load_test_waits_once_and_patiently(settle_s, missing_s):
    """There is no later look at what is missing."""
    assert WaitLimits(settle_s, missing_s, 7.0) == TimeLimits(settle_s=settle_s).only_wait(end_s=7.0)


@pytest.mark.parametrize(
    ("latency_s", "for_one", "for_longest"),
    [
        (0.01, WAIT, WAIT),
        (1.0, WaitLimits(2.0, 10.0, 60.0), WaitLimits(1.0, 3.0, 60.0)),
        (5.0, WaitLimits(10.0, 50.0, 100.0), WaitLimits(5.0, 15.0, 60.0)),
        (20.0, WaitLimits(40.0, 200.0, 400.0), WaitLimits(20.0, 60.0, 120.0)),
    ],
)
def test_a_slow_receiver_is_given_its_time(latency_s, for_one, for_longest):
    """Each limit is a multiple of what one clean event took, or the slowest of a run, and never below the user's."""
    assert for_one == WAIT.for_latency(latency_s)
    assert for_longest == WAIT.for_longest(latency_s) == Patience(latency=ReceiverLatency(latency_s)).first_wait()


def test_what_lacks_nothing_needs_the_quiet_window_alone():
    assert (0.3, 3.0) == (WAIT.needed_s(is_complete=True), WAIT.needed_s(is_complete=False))
    assert (0.0, 0.0, 0.0) == (ONE_LOOK.quiet_s, ONE_LOOK.missing_s, ONE_LOOK.most_s)


def test_effects_that_never_settled_get_less_time():
    """A quarter of the time, but enough for what is missing. The limits of the preflight are then left as they are."""
    never = Patience(latency=ReceiverLatency(never_settles=True))
    assert WaitLimits(0.3, 3.0, 15.0) == never.first_wait() == never.hurried(WAIT)
    assert WaitLimits(0.3, 30.0, 30.0) == never.hurried(WaitLimits(0.3, 30.0, 60.0))
    assert WAIT == never.settling(WAIT) == never.settling_state(WAIT)
    assert WAIT == Patience().hurried(WAIT)


@pytest.mark.parametrize(
    ("leaves_rest", "wait", "settling"),
    [
        (False, WAIT, WaitLimits(0.0, 3.0, 60.0)),
        (True, WAIT, WaitLimits(0.0, 0.3, 60.0)),
        (True, WaitLimits(0.3, 0.2, 60.0), WaitLimits(0.0, 0.2, 60.0)),
    ],
)
def test_a_scenario_leaves_what_is_missing_to_the_last_look(leaves_rest, wait, settling):
    """The quiet window of what lacks nothing follows later; once effects were missing, also the wait for them."""
    decides = Patience(latency=ReceiverLatency(leaves_rest=leaves_rest))
    assert settling == decides.settling(wait)
    assert replace(settling, quiet_s=0.3) == decides.settling_state(wait)


def test_whether_effects_come_to_rest_takes_one_window():
    """Also where the receiver is slow: what lacks nothing is followed for `settle_s`."""
    assert WaitLimits(0.3, 15.0, 60.0) == Patience(latency=ReceiverLatency(5.0)).coming_to_rest()


@pytest.mark.parametrize(
    ("limits", "latency_s", "usual", "before_a_batch"),
    [
        (TimeLimits(), 0.0, WaitLimits(0.3, 15.0, 67.5), WaitLimits(0.3, 67.5, 67.5)),
        (TimeLimits(settle_s=3.0), 0.0, WaitLimits(3.0, 30.0, 67.5), WaitLimits(3.0, 67.5, 67.5)),
        (TimeLimits(timeout_s=600.0), 40.0, WaitLimits(40.0, 120.0, 600.0), WaitLimits(40.0, 120.0, 600.0)),
        (TimeLimits(last_s=1.0, timeout_s=2.0), 0.0, WaitLimits(0.3, 3.0, 4.5), WaitLimits(0.3, 4.5, 4.5)),
    ],
)
def test_the_last_look_is_a_long_one(limits, latency_s, usual, before_a_batch):
    """More than a minute while the next batch may still come, and never shorter than the looks before it."""
    decides = Patience(limits, ReceiverLatency(latency_s))
    assert usual == decides.last_wait()
    assert before_a_batch == decides.last_wait(may_await_batch=True)


def test_a_run_remembers_its_slowest_event_and_its_newest_booking():
    """A quick event after a slow one says nothing new."""
    latency = ReceiverLatency()
    assert ReceiverLatency(0.0, False, False, False, 0.0, False) == latency
    for seconds in (3.0, 9.0, 5.0):
        latency.note(seconds)
        latency.note_booked(sent_s=100 + seconds)
    assert (9.0, 109.0) == (latency.longest_s, latency.booked_sent_s)


@pytest.mark.parametrize(("longest_s", "is_late"), [(0.0, False), (1.5, False), (1.6, True)])
def test_a_receiver_that_books_in_batches_is_late(longest_s, is_late):
    assert is_late is ReceiverLatency(longest_s).books_late


def test_the_last_look_keeps_its_time_free():
    """Only where effects were missing or late: without any, it is a single look."""
    assert 0.0 == Patience().reserved_s
    assert 15.0 == Patience(latency=ReceiverLatency(leaves_rest=True)).reserved_s


def test_waits_for_state_and_for_deliveries_follow_from_the_limits():
    assert (15.0, 100.0) == (Patience().state_s, Patience(TimeLimits(settle_s=10.0)).state_s)
    assert 35.0 == Patience().probe_drain_s
    assert (60.0, 20.0, 0.1) == tuple(Patience().drain_s(spent_s=spent_s) for spent_s in (0.0, 40.0, 90.0))


def test_a_receiver_whose_dependency_was_broken_has_longer_to_return():
    """A circuit breaker may take half a minute."""
    assert (15.0, 37.5) == tuple(Patience().return_s(breaks_dependency=each) for each in (False, True))


@pytest.mark.parametrize(
    ("budget_s", "timeout_s", "kills_s"),
    [(math.inf, 60.0, 42.0), (100.0, 60.0, 25.0), (100.0, 10.0, 7.0)],
)
def test_kills_take_a_part_of_the_time_and_of_the_budget(budget_s, timeout_s, kills_s):
    """70 % of a scenario's time, and a quarter of the budget at most. Other limits stay."""
    limits = TimeLimits(timeout_s=timeout_s).within(budget_s)
    assert pytest.approx(kills_s) == Patience(limits).kills_s
    assert TimeLimits(timeout_s=timeout_s) == replace(limits, kills_s=math.inf)


@pytest.mark.parametrize(
    ("spent_s", "slowest_s", "may_kill", "may_aim"),
    [
        (0.0, 0.0, True, True),
        (25.2, 0.0, True, True),  # 0.6 of 42 s
        (25.3, 0.0, True, False),
        (12.0, 20.0, False, True),  # 12 + 1.5 * 20 = 42
        (11.9, 20.0, True, True),
        (42.0, 0.0, False, False),
    ],
)
def test_a_kill_begins_only_if_it_will_end_in_time(spent_s, slowest_s, may_kill, may_aim):
    assert may_kill is Patience().may_kill(spent_s=spent_s, slowest_s=slowest_s)
    assert may_aim is Patience().may_aim(spent_s=spent_s)


@pytest.mark.parametrize(
    ("listens", "spent_s", "paused_s", "is_starved", "is_over"),
    [
        (True, 14.9, 0.0, False, False),
        (True, 15.0, 0.0, False, True),
        (True, 44.9, 44.9, True, False),  # it may starve, as we do
        (True, 45.0, 0.0, True, True),
        (False, 44.9, 14.9, False, False),  # our tries take long, so its start may too
        (False, 45.0, 0.0, True, True),
        (False, 20.0, 15.0, True, True),
    ],
)
def test_a_silent_receiver_is_given_up(listens, spent_s, paused_s, is_starved, is_over):
    asked = {"listens": listens, "spent_s": spent_s, "paused_s": paused_s, "is_starved": is_starved}
    assert is_over is patience.is_silent_for_good(15.0, **asked)


def test_pauses_grow_up_to_a_limit():
    """Between tries to get an answer, and between looks at effects of which some are missing."""
    assert [0.05, 0.3, 1.0, 1.0] == [patience.gap_s(tries) for tries in (1, 2, 3, 4)]
    assert pytest.approx([0.03, 0.09, 0.1]) == [patience.longer_pause_s(each) for each in (0.02, 0.06, 0.07)]


@pytest.mark.parametrize(
    ("longest_s", "usual_s", "after_a_timeout_s"), [(math.inf, 20.0, 2.0), (9.0, 9.0, 2.0), (1.0, 1.0, 1.0)]
)
def test_a_read_that_hung_is_not_waited_for_again(longest_s, usual_s, after_a_timeout_s):
    """Nor longer than the scenario may take."""
    assert usual_s == patience.read_s(longest_s)
    assert after_a_timeout_s == patience.read_s(longest_s, has_hung=True)
    assert (20.0, 2.0) == (patience.read_s(), patience.read_s(has_hung=True))


def test_a_receiver_is_looked_for_as_long_as_its_start_may_take():
    """30 s where it can start only now, else little more than half a second; a look each 50 ms."""
    assert (600, 12) == (patience.looks_for_a_port(is_starting=True), patience.looks_for_a_port(is_starting=False))


def test_constants_hold_what_was_measured_or_promised():
    """Looks, from those at what lasts milliseconds to the rarest; and bounds that no decision above holds."""
    looks = [0.002, 0.02, 0.05, 0.1]
    names = ("MILLISECONDS_S", "LOOK_S", "CHILD_LOOK_S", "RARE_LOOK_S")
    assert looks == [getattr(patience, name) for name in names]
    bounds = {"BY_HAND_S": 10.0, "APART_S": 0.01}
    bounds |= {"LONGEST_RETRY_S": 0.5, "TIMED_S": 1.0, "QUIET_S": 0.1, "BUSY_S": 1.0, "EXAMINATION_S": 5.0}
    bounds |= {"YOUNG_S": 1.0, "REFUSED_S": 5.0, "READ_GRACE_S": 2.0, "DELIVERIES_S": 6.0, "AMPLE_S": 60.0}
    assert bounds == {name: getattr(patience, name) for name in bounds}


@given(LIMITS, LATENCIES)
def test_no_wait_is_negative(limits, latency):
    """And none for what still changes ends before the one for what is missing could."""
    decides = Patience(limits, latency)
    for name, wait in waits_of(decides).items():
        assert min(wait.quiet_s, wait.missing_s) >= 0, name
        assert wait.most_s >= wait.missing_s, name
    assert all(seconds >= 0 for seconds in seconds_of(decides).values())


@given(LIMITS, LATENCIES, SECONDS)
def test_a_slower_receiver_never_gets_less_time(limits, latency, slower_s):
    """In any phase."""
    quick, slow = Patience(limits, latency), Patience(limits, replace(latency, longest_s=latency.longest_s + slower_s))
    for name, wait in waits_of(quick).items():
        longer = waits_of(slow)[name]
        assert (wait.quiet_s, wait.missing_s, wait.most_s) <= (longer.quiet_s, longer.missing_s, longer.most_s), name
        assert wait.missing_s <= longer.missing_s, name
        assert wait.most_s <= longer.most_s, name
    for name, seconds in seconds_of(quick).items():
        assert seconds <= seconds_of(slow)[name], name


@given(LIMITS, SECONDS, SECONDS)
def test_nothing_goes_beyond_the_users_limits(limits, budget_s, spent_s):
    """`timeout_s` bounds deliveries, kills and, for a quick receiver, the wait for what still changes."""
    decides = Patience(limits.within(budget_s))
    usual = limits.wait_limits
    assert decides.first_wait().most_s == max(limits.timeout_s, usual.missing_s)
    assert decides.drain_s(spent_s=spent_s) <= max(patience.AT_ONCE_S, limits.timeout_s)
    assert decides.kills_s <= min(limits.timeout_s, budget_s)
    assert not decides.may_kill(spent_s=spent_s, slowest_s=0.0) or spent_s < min(limits.timeout_s, budget_s)
    assert patience.read_s(limits.timeout_s) <= limits.timeout_s
    assert patience.read_s(limits.timeout_s, has_hung=True) <= patience.read_s(limits.timeout_s)


@given(LIMITS, LATENCIES)
def test_the_last_look_is_the_most_patient(limits, latency):
    """It waits again for effects that a scenario has given up, and longest where a batch may be due."""
    decides = Patience(limits, latency)
    last, before_a_batch = decides.last_wait(), decides.last_wait(may_await_batch=True)
    assert last.missing_s >= max(decides.first_wait().missing_s, limits.last_s)
    assert before_a_batch.missing_s >= last.missing_s
    assert before_a_batch.most_s >= last.most_s


@pytest.mark.parametrize(
    ("run_s", "periods", "calm_s"), [(4.0, 8, 3.0), (2.5, 1, 15.0), (2.6, 1, None), (60.0, 60, 6.0)]
)
def test_what_comes_rarely_tells_nothing(run_s, periods, calm_s):
    """Six times as long as usual; a run waits for 15 s at most."""
    assert calm_s == patience.calm_s(run_s, periods=periods)


def test_pauses_between_rounds_follow_what_is_refused():
    """Twice as long while more is refused than taken, as long while some is, half as long when nothing is."""
    assert 0.05 == patience.round_pause_s(0.0, taken=0, refused=1)
    assert 0.8 == patience.round_pause_s(0.4, taken=3, refused=4)
    assert 5.0 == patience.round_pause_s(4.0, taken=0, refused=1)
    assert 0.4 == patience.round_pause_s(0.4, taken=4, refused=4)
    assert 0.2 == patience.round_pause_s(0.4, taken=4, refused=0)
    assert 0.0 == patience.round_pause_s(0.05, taken=4, refused=0)


def test_after_a_broken_dependency_what_is_missing_is_waited_for_longer():
    """Two and a half times `last_s`, or twice the time for which it was away."""
    assert 37.5 == Patience(TimeLimits()).last_wait(breaks_dependency=True).missing_s
    assert 60.0 == Patience(TimeLimits(away_s=30)).last_wait(breaks_dependency=True).missing_s
    assert 5.0 == TimeLimits().within(20).away_s
