import dataclasses

import pytest

from simulator.domain.faults import FAULTS
from simulator.errors import BadInput, Unusable
from simulator.verification.history import Expect
from simulator.verification.scenario import bundled_scenarios, chosen, read
from simulator.verification.steps import CHANGES_THE_BODY, STEPS, Crash, Fault, Moment, Raise

SCENARIOS = bundled_scenarios()
OPENING = 'breaks = "All is well."\nholds = "It stays so."\n'


@pytest.fixture
def scenario_file(tmp_path):
    def write(text, opening=OPENING):
        file = tmp_path / "mine.toml"
        file.write_text(opening + text)
        return file

    return write


def test_the_scenarios_are_there():
    """Every scenario that the product promises is bundled, with steady first."""
    names = [scenario.name for scenario in SCENARIOS]
    assert names[0] == "steady"
    assert set(names) == {
        "steady", "resend-delivered", "duplicate-race", "short-outage", "long-outage", "lost-response", "error-burst",
        "resend-fails-again", "late-resend", "same-second", "two-webhooks", "entity-updated-twice", "out-of-order",
        "evolution", "malformed", "unicode-and-decimals", "big-payload", "false-failure", "storm", "crash-after-ack",
        "crash-mid-request", "restart-then-resend",
    }  # fmt: skip


def test_only_what_kills_needs_process_control():
    """Three scenarios need --receiver-cmd, and no other."""
    needing = {scenario.name for scenario in SCENARIOS if scenario.needs_process_control}
    assert needing == {"crash-after-ack", "crash-mid-request", "restart-then-resend"}


def test_every_moment_of_a_delivery_is_killed_at():
    """Between them the crash scenarios kill at every labelled point."""
    moments = {step.at for scenario in SCENARIOS for step in scenario.steps if isinstance(step, Crash)}
    assert moments == set(Moment)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_every_fault_of_a_scenario_exists(scenario):
    """A scenario names faults of the registry, with parameters that they take."""
    for step in scenario.steps:
        if isinstance(step, Fault):
            assert set(step.params) <= set(FAULTS[step.fault].params)
            assert all(FAULTS[step.fault].params[name].takes(value) for name, value in step.params.items())


def test_faults_that_change_the_body_exist():
    """The list of faults after which payloads are not compared names real faults."""
    assert set(FAULTS) >= CHANGES_THE_BODY


def test_a_scenario_is_read_whole(scenario_file):
    """Keys become fields: words, lists, tables, defaults."""
    text = '[[step]]\ndo = "raise"\nevents = ["SaleCreated"]\ncount = 3\nexpect = "either"\n[step.set]\ntotal = 1\n'
    scenario = read(scenario_file(text))
    assert (scenario.name, scenario.breaks, scenario.webhooks) == ("mine", "All is well.", 1)
    assert scenario.steps == (Raise(events=["SaleCreated"], count=3, expect=Expect.EITHER, set={"total": 1}),)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[[step]]\ndo = "explode"', "step 1: do: expected one of raise, fault"),
        ("[[step]]\n", "step 1: do: expected one of"),
        ('[[step]]\ndo = "raise"\nnumber = 3', "step 1 (raise): expected one of the keys events, count"),
        ('[[step]]\ndo = "raise"\ncount = "3"', "step 1 (raise).count: expected a whole number, got '3'"),
        ('[[step]]\ndo = "raise"\ncount = true', "step 1 (raise).count: expected a whole number, got True"),
        ('[[step]]\ndo = "raise"\ncount = -1', "step 1 (raise).count: expected 0 or more, got -1"),
        ('[[step]]\ndo = "raise"\nevents = "few"', 'step 1 (raise).events: expected "all", "some" or a list'),
        ('[[step]]\ndo = "raise"\nevents = [1]', "step 1 (raise).events: expected a list of texts, got [1]"),
        ('[[step]]\ndo = "raise"\nexpect = "twice"', "step 1 (raise).expect: expected one of once, refused, either"),
        ('[[step]]\ndo = "fault"', "step 1 (fault): expected the key 'fault', got none"),
        ('[[step]]\ndo = "crash"\nat = "noon"', "step 1 (crash).at: expected one of accepted, headers sent"),
        ('[[step]]\ndo = "drain"\nnow = 1', "step 1 (drain): expected one of the keys (none), got 'now'"),
        ('[[step]]\ndo = "resend"\nlabel = "x"', "step 1.label: expected the label of an earlier step, got 'x'"),
        ('[[step]]\ndo = "raise"\nsame_as = "x"', "step 1.same_as: expected the label of an earlier step, got 'x'"),
        ("webhooks = 0", "webhooks: expected 1 to 10, got 0"),
        ('webhooks = "2"', "webhooks: expected a whole number, got '2'"),
        ("speed = 1", "expected one of the keys breaks, holds, order, webhooks, step, got 'speed'"),
        ("step = 1", "step: expected a list"),
        ("[[step", "expected TOML"),
    ],
)
def test_what_is_wrong_is_told_with_file_and_key(scenario_file, text, told):
    """A mistake in a scenario is refused with the file, the step and the key, what was expected and what came."""
    with pytest.raises(Unusable, match=r"mine\.toml") as refused:
        read(scenario_file(text))
    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("opening", "told"),
    [
        ("order = 1\n" + OPENING, "expected the two sentences breaks = ... and holds = ... first"),
        ('breaks = "Something."\n', "expected the two sentences"),
        (OPENING.replace("so.", "so"), "holds: expected a plain sentence that ends with a full stop"),
    ],
)
def test_a_scenario_begins_with_two_sentences(scenario_file, opening, told):
    """What breaks and what must hold stand first, as sentences."""
    with pytest.raises(Unusable) as refused:
        read(scenario_file("", opening))
    assert told in str(refused.value)


def test_scenarios_are_chosen_by_name_or_file(scenario_file):
    """Names choose bundled ones, a .toml file is read, no names mean all, an unknown name lists them."""
    assert [each.name for each in chosen(["storm", str(scenario_file(""))])] == ["storm", "mine"]
    assert chosen([]) == SCENARIOS
    with pytest.raises(BadInput, match=r"expected a scenario .steady, .*got 'strom'"):
        chosen(["strom"])


def test_a_missing_file_is_told():
    """A file that is not there is refused with its name."""
    with pytest.raises(Unusable, match=r"nowhere\.toml: expected a scenario that can be read"):
        chosen(["nowhere.toml"])


@pytest.mark.parametrize("kind", STEPS.values(), ids=STEPS)
def test_every_key_of_a_step_is_documented(kind):
    """A step's docstring explains each of its keys."""
    assert [each.name for each in dataclasses.fields(kind) if f"{each.name}:" not in (kind.__doc__ or "")] == []
