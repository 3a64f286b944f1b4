"""Steps as they are played, by a whole run against a right receiver."""

import pytest

from frontsim.verification.patience import TimeLimits
from frontsim.verification.play.scenario_state import ActiveFault, ScenarioState
from frontsim.verification.scenario.scenario import chosen
from frontsim.verification.scenario.steps import InjectFault

pytestmark = pytest.mark.slow

RAISE = """
[[step]]
do = "raise"
events = ["SaleCreated"]
"""
FAULT = """
[[step]]
do = "fault"
"""
REFUSED = f"""
{FAULT}
fault = "refuse"
{RAISE}
count = 3
[[step]]
do = "drain"
[[step]]
do = "clear"
"""
"""Three sales that have failed, and nothing is broken any more."""
RECONCILE = """
[[step]]
do = "reconcile"
"""


@pytest.fixture
def plays(receiver, requested, play, tmp_path):
    """Plays steps against the reference receiver; gives what came of it, and the file."""

    def run(steps, **limits):
        file = tmp_path / "mine.toml"
        file.write_text(f'breaks = "Something breaks."\nholds = "All is well."\n{steps}')
        times = TimeLimits(**{"settle_s": 0.1, "last_s": 2.0, **limits})
        with receiver("reference") as url:
            (played,) = play(requested(url, limits=times), str(file))
        return played, file

    return run


def verdict(played):
    return str(played.judgement.verdict), played.judgement.findings, played.judgement.reason


def test_what_the_simulator_refuses_names_file_and_step(plays):
    """A value that its schema refuses, which only playing shows: whose file and which step, not a raw answer."""
    played, file = plays(f'[[step]]\ndo = "drain"\n{RAISE}set = {{total = "much"}}\n')
    assert "unknown" == played.judgement.verdict
    assert played.judgement.reason.startswith(f"{file}: step 2 (raise): the payload of SaleCreated: total: expected ")


@pytest.mark.parametrize("operation", ["listWebhookEvents", "deliverWebhookEvent"])
def test_an_api_that_fails_for_a_while_is_asked_again(plays, operation):
    """Refusals of one operation delay the job, and end with it; the receiver is as right as before."""
    faults = f'{FAULT}fault = "api-error"\ntimes = 4\nmatch = {{operation = "{operation}"}}\n'
    played, _ = plays(REFUSED + faults + RECONCILE)
    assert ("verified", (), "") == verdict(played)
    assert 3 == played.judgement.counts["recovered"]


@pytest.mark.parametrize(
    ("fault", "operation", "told"),
    [
        ("api-error", "listWebhookEvents", "expected a 2xx, got 500"),
        ("api-error", "deliverWebhookEvent", "expected a 2xx, got 500"),
        ("api-lost-response", "listWebhookEvents", "no whole answer came"),
    ],
)
def test_an_api_that_fails_without_end_makes_the_scenario_unknown(plays, fault, operation, told):
    """Patience has an end: unknown, with the step and what the API said, though every event stays unreceived."""
    step = f'{FAULT}fault = "{fault}"\nmatch = {{operation = "{operation}"}}\n'
    played, file = plays(REFUSED + step + RECONCILE, last_s=0.2)
    assert ("unknown", ()) == verdict(played)[:2]
    assert played.judgement.reason.startswith(f"{file}: step 6 (reconcile): ")
    assert told in played.judgement.reason


@pytest.mark.parametrize(("fault", "param"), [("delay", "seconds"), ("reorder", "atMostS")])
def test_a_fault_ends_once_what_it_holds_back_has_arrived(plays, fault, param):
    """Nothing is due meanwhile, so a drain alone does not wait; judged before, an event would have had no run."""
    played, _ = plays(f'{FAULT}fault = "{fault}"\nparams = {{{param} = 0.3}}\n{RAISE}')
    assert ("verified", (), "") == verdict(played)
    assert all(event.runs for event in played.history.events)


def test_a_scenario_that_moves_the_clock_lets_go_of_what_is_delayed(plays):
    """An hour of simulator time takes no hour: the end of the fault does not wait for it."""
    advance = '[[step]]\ndo = "clear"\n[[step]]\ndo = "advance"\nseconds = 4000\n[[step]]\ndo = "drain"\n'
    played, _ = plays(f'{FAULT}fault = "delay"\nparams = {{seconds = 3600}}\n{RAISE}{advance}')
    assert ("verified", (), "") == verdict(played)


def test_resends_whose_answers_are_lost_arrive_twice(plays):
    """Done, but who asked cannot know: each event arrives again after it was received, and is booked once."""
    step = f'{FAULT}fault = "api-lost-response"\nmatch = {{operation = "deliverWebhookEvent"}}\n'
    played, _ = plays(REFUSED + step + RECONCILE)
    assert ("verified", (), "") == verdict(played)
    assert [[None, 200, 200]] * 3 == [
        [run.status_code for run in event.runs] for event in played.history.events if len(event.runs) > 1
    ]


def test_a_fault_on_the_api_does_not_keep_events_from_being_raised(plays):
    """It is for the job to cope with: subscriptions stand before anything is broken, and a look is taken again."""
    fault = f'{FAULT}fault = "api-lost-response"\ntimes = 3\n'
    again = '[[step]]\ndo = "raise"\nevents = ["CustomerUpdated"]\n'
    first = f'{again}label = "first"\n'
    second = f'{again}same_as = "first"\nkeep = ["customerId"]\n'
    played, _ = plays(fault + RAISE + first + second)
    assert ("verified", (), "") == verdict(played)
    # a sale, a customer who is created, and two updates; two controls and the sign of life
    assert 7 == played.judgement.counts["events"]


def test_an_update_may_come_before_its_creation(plays):
    """About the same customer: the creation is still on the list of failures."""
    creation = '[[step]]\ndo = "raise"\nevents = ["CustomerCreated"]\nlabel = "late"\n[[step]]\ndo = "drain"\n'
    update = '[[step]]\ndo = "raise"\nevents = ["CustomerUpdated"]\nsame_as = "late"\nkeep = ["customerId"]\n'
    played, _ = plays(f'{FAULT}fault = "refuse"\n{creation}[[step]]\ndo = "clear"\n{update}')
    assert ("verified", (), "") == verdict(played)
    (late,) = (each for each in played.history.events if each.event == "CustomerCreated" and len(each.runs) > 1)
    (early,) = (each for each in played.history.events if each.event == "CustomerUpdated")
    assert late.payload["customerId"] == early.payload["customerId"]
    assert late.runs[-1].at_ms > early.runs[0].at_ms


def test_a_receiver_is_waited_for_while_only_the_api_is_broken():
    """It is no excuse for a receiver's refusal; a fault on deliveries that it cannot cope with is."""
    state = ScenarioState(chosen(["steady"])[0], None, None, None)
    seen = []
    for step in (InjectFault("api-error"), InjectFault("bom", tolerable=True), InjectFault("refuse")):
        state.active.append(ActiveFault("1", step, 0))
        seen.append(state.is_breaking)
    assert [False, False, True] == seen


def test_a_fault_on_the_api_breaks_no_delivery(plays):
    """A delivery that arrives meanwhile is sound, and its 200 is no answer to a broken body."""
    garbage = f'{FAULT}fault = "garbage-json"\n{RAISE}expect = "refused"\n[[step]]\ndo = "clear"\n'
    played, _ = plays(f'{garbage}{FAULT}fault = "api-slow"\nparams = {{seconds = 0}}\n{RECONCILE}')
    assert ("verified", (), "") == verdict(played)


def test_nothing_begins_so_near_to_a_fault_that_it_seems_to_be_under_it(plays):
    """The log's moments are rounded: a sound run right before or behind a fault is told apart from one under it."""
    broken = f'{FAULT}fault = "refuse"\n{RAISE}[[step]]\ndo = "clear"\n{RECONCILE}'
    played, _ = plays(broken * 5)
    runs = [run for event in played.history.events for run in event.runs]
    assert 5 == sum(run.faulted for run in runs)
    assert [run.status == "Connection refused" for run in runs] == [run.faulted for run in runs]
