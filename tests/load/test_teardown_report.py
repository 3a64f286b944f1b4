import orjson

from frontsim.domain.model import Outcome, Trigger
from frontsim.load.teardown import MOST_FINDINGS, LoadReport, report_on
from frontsim.masking import NO_COMMAND, CommandLine
from frontsim.verification.effects.history import Effect, EventFact, History, Observation, Run
from frontsim.verification.judge import checks
from frontsim.verification.play.runner import Recording
from frontsim.verification.scenario.scenario import Scenario

SCENARIO = Scenario("steady", "Nothing breaks.", "All is well.", ())


def fact(number: int) -> EventFact:
    run = Run(1, Trigger.ORIGINAL, Outcome.ANSWERED, "OK", 200, number)
    return EventFact("w", f"e{number}", "SaleCreated", (run,))


def report(*, events: int, effects: list[str] | None) -> LoadReport:
    seen = None if effects is None else Observation(9999, tuple(Effect(key, key) for key in effects))
    history = History("steady", tuple(fact(number) for number in range(events)), final=seen, duration_s=3)
    return report_on(
        Recording(history),
        SCENARIO,
        checks.receiver_contract(),
        receiver="http://r/",
        seed=1,
        replay=CommandLine(("locust", "-f", "steady.py")),
    )


def rows(of: LoadReport) -> dict[str, str]:
    lines = [line.rsplit(maxsplit=1) for line in of.table() if line and not line.startswith(" ")]
    return {line[0]: line[1] for line in lines if len(line) == 2}


def test_all_booked_once_is_verified() -> None:
    """Exit code 0, nothing lost, nothing doubled, and the highest rate is the highest clean rate."""
    found = report(events=1200, effects=[f"e{number}" for number in range(1200)])
    assert 0 == found.exit_code
    table = rows(found)
    assert ("1,200", "1,200", "0", "0") == tuple(table[name] for name in ("events", "effects", "lost", "duplicated"))
    assert "600/s" == table["highest clean rate"]  # 1200 events in two seconds of the clock
    assert "VERIFIED: http://r/: steady, 3 s; seed 1" == list(found.table())[-1]


def test_one_event_too_few_and_one_effect_too_many_is_violated() -> None:
    """Exit code 1; each is counted and listed with its clause, and the command repeats it."""
    found = report(events=3, effects=["e0", "e0", "e1"])
    assert (1, 1, 1) == (found.exit_code, found.lost, found.duplicated)
    text = "\n".join(found.table())
    assert "lost-after-ack" in text
    assert "Again:       locust -f steady.py" in text


def test_without_an_observer_the_verdict_is_unknown() -> None:
    """Without an observer the exit code is 2, and lost and duplicated are no zeros."""
    found = report(events=3, effects=None)
    assert (2, None, None, None) == (found.exit_code, found.lost, found.duplicated, found.clean_rate)
    assert "not observed" in "\n".join(found.table())


def test_no_form_of_the_verdict_holds_a_secret() -> None:
    """The receiver's URL and the reason are masked on the terminal, in the JSON and on the page."""
    url = "http://user:hunter2@r/"
    history = History("steady", (), trouble=f"expected {url} to answer")
    found = report_on(Recording(history), SCENARIO, checks.receiver_contract(), receiver=url, seed=1, replay=NO_COMMAND)
    for text in ("\n".join(found.table()), found.as_json().decode(), found.as_html().decode()):
        assert "hunter2" not in text
        assert "expected http://***@r/ to answer" in text


def test_counts_hold_all_findings_and_only_so_many_are_listed() -> None:
    """A receiver that doubles everything does not make a table or a file too large to open."""
    events = 3 * MOST_FINDINGS
    found = report(events=events, effects=[f"e{number}" for number in range(events)] * 2)
    data = orjson.loads(found.as_json())
    scenario = data["scenarios"][0]
    assert events == scenario["counts"]["duplicated"]
    assert MOST_FINDINGS == len(scenario["findings"])
    assert str(events - MOST_FINDINGS) in scenario["notes"][-1]
    assert f"{events} duplicated" in "\n".join(found.table())
    assert {"highest": 600.0, "highestClean": 0.0} == data["rates"]
    assert b"Verdict: violated" in found.as_html()
