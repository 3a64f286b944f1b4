import itertools

import pytest

from frontsim import catalog
from frontsim.domain.faults import FAULTS
from frontsim.errors import BadInput, Unusable
from frontsim.subjects.registry import BROKEN
from frontsim.verification.scenario.scenario import bundled_scenarios, chosen, place, read, refuse_mismatches
from frontsim.verification.scenario.selection import Selection
from frontsim.verification.scenario.steps import InjectFault, Raise

SCENARIOS = bundled_scenarios()
OPENING = 'breaks = "All is well."\nholds = "It stays so."\n'
RAISE, FAULT = '[[step]]\ndo = "raise"\n', '[[step]]\ndo = "fault"\n'


def test_the_scenarios_are_there():
    """Every scenario that the product promises is bundled, with steady first."""
    names = [scenario.name for scenario in SCENARIOS]
    assert names[0] == "steady"
    assert set(names) == {
        "steady", "resend-delivered", "duplicate-race", "short-outage", "long-outage", "lost-response", "error-burst",
        "resend-fails-again", "late-resend", "same-second", "two-webhooks", "entity-updated-twice", "out-of-order",
        "evolution", "malformed", "unicode-and-decimals", "big-payload", "false-failure", "storm", "crash-after-ack",
        "crash-mid-request", "restart-then-resend", "api-trouble", "long-memory", "crash-matrix",
        "crash-between-statements", "dependency-down", "dependency-slow", "dependency-lost-commit",
        "dependency-away", "sink-trouble", "stock-levels", "webhook-then-read", "read-your-write",
        "echo",
    }  # fmt: skip


def test_the_most_telling_come_first():
    """Two of three broken receivers are found in the first half, nine of ten in two thirds: a budget may end there."""
    names = [each.name for each in SCENARIOS if not (each.needs_dependency or each.needs_sink)]
    found_after = sorted(min(map(names.index, each.scenarios)) + 1 for each in BROKEN.values())
    assert found_after[2 * len(BROKEN) // 3] <= len(names) // 2
    assert found_after[9 * len(BROKEN) // 10] <= 2 * len(names) // 3


def test_only_what_kills_needs_process_control():
    """Those that kill need --receiver-cmd, and no other."""
    needing = {scenario.name for scenario in SCENARIOS if scenario.needs_process_control}
    kills = {"crash-after-ack", "crash-mid-request", "crash-matrix", "crash-between-statements"}
    assert needing == kills | {"restart-then-resend"}


def test_only_what_breaks_a_dependency_needs_one():
    """Those that break a dependency need --dependency, and no other."""
    needing = {scenario.name: scenario.needs for scenario in SCENARIOS if scenario.needs_dependency}
    alone = ("--dependency",)
    assert needing == {
        "dependency-down": alone,
        "dependency-away": alone,
        "dependency-slow": alone,
        "dependency-lost-commit": alone,
        "crash-between-statements": ("--receiver-cmd", "--dependency"),
    }


def test_no_text_of_one_state_is_in_that_of_another():
    """`Ingrid` is in `Ingrid Marie`: a row with the older state would show some of the newer, and prove nothing."""
    (scenario,) = chosen(["out-of-order"])
    raised = [step.set for step in scenario.steps if isinstance(step, Raise) and "firstName" in step.set]
    for one, other in itertools.permutations(raised, 2):
        texts = [path for path, text in one.items() if isinstance(text, str) and not path.endswith("DateTime")]
        assert [path for path in texts if one[path] != other[path] and one[path] in other[path]] == []


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_every_fault_of_a_scenario_exists(scenario):
    """A scenario names faults of the registry, with parameters that they take."""
    for step in scenario.steps:
        if isinstance(step, InjectFault):
            assert set(step.params) <= set(FAULTS[step.fault].params)
            assert all(FAULTS[step.fault].params[name].takes(value) for name, value in step.params.items())


@pytest.mark.parametrize(
    ("opening", "told"),
    [
        ("order = 1\n" + OPENING, "expected the two sentences breaks = ... and holds = ... first"),
        ('breaks = "Something."\n', "expected the two sentences"),
        (OPENING.replace("so.", "so"), "holds: expected a plain sentence that ends with a full stop"),
    ],
)
def test_a_scenario_begins_with_two_sentences(scenario_file, opening, told):
    """Two sentences stand first: what breaks, and what must hold."""
    with pytest.raises(Unusable) as refused:
        read(scenario_file("", opening))
    assert told in str(refused.value)


def test_scenarios_are_chosen_by_name_or_file(scenario_file):
    """Names choose bundled ones, a .toml file is read, no names mean all, an unknown name lists them."""
    assert [each.name for each in chosen(["storm", str(scenario_file(RAISE))])] == ["storm", "mine"]
    assert chosen([]) == list(SCENARIOS)
    with pytest.raises(BadInput, match=r"expected a scenario .*got 'strom' .did you mean 'storm'.*: steady, "):
        chosen(["strom"])


def test_a_missing_file_is_refused_by_name():
    """A file that is not there is refused with its name."""
    with pytest.raises(Unusable, match=r"nowhere\.toml: expected a scenario that can be read"):
        chosen(["nowhere.toml"])


def test_a_type_that_does_not_fit_is_refused_with_file_step_and_key(scenario_file):
    """An unknown type is refused before anything is played; a scenario that fits is not."""
    fits = read(scenario_file(RAISE))
    typo = read(scenario_file(f'{RAISE}{RAISE}events = ["SaleCrated"]\n'))
    refuse_mismatches([fits], Selection(catalog.load()).mismatch)
    with pytest.raises(Unusable, match=r"mine\.toml: step 2 \(raise\)\.events: expected .* got 'SaleCrated'"):
        refuse_mismatches([fits, typo], Selection(catalog.load()).mismatch)


def test_bundled_scenarios_fit_the_event_types():
    """Every path that they set, keep or grow may be in the payload of its types."""
    refuse_mismatches(SCENARIOS, Selection(catalog.load()).mismatch)


def test_equal_steps_stand_in_their_own_places(scenario_file):
    """Two steps that say the same are told apart."""
    twice = read(scenario_file(RAISE * 2))
    assert [f"{twice.file}: step {number} (raise)" for number in (1, 2)] == [place(twice, each) for each in twice.steps]


def test_what_takes_long_raises_many_or_large_events_or_waits_for_an_api():
    """These begin before others that are played beside them."""
    found = {each.name for each in bundled_scenarios() if each.takes_long}
    assert {"api-trouble", "big-payload", "late-resend", "long-outage", "storm"} <= found
    assert not {"steady", "short-outage", "malformed", "sink-trouble"} & found
