"""`frontsim fault`."""

import json

import click
import pytest

from frontsim.api.responses import refusal
from frontsim.cli.commands.simulator import fault
from frontsim.domain.faults import FAULTS
from frontsim.errors import UnknownFaultRule

RULE = {
    "id": "1",
    "fault": "answer",
    "match": {"event": "SaleCreated", "run": 1, "url": None},
    "times": None,
    "probability": 0.5,
    "params": {"status": 503},
    "fired": 2,
}


def test_a_rule_in_full(api, run):
    """Every option goes to its place in the rule; parameters are read as JSON."""
    api.routes["POST /_sim/faults"] = RULE
    done = run(
        *["fault", "add", "answer", "--event", "SaleCreated", "--webhook", "w", "--url", "http://a"],
        *["--trigger", "Resend", "--run", "2", "--operation", "deliver", "--from", "2026-01-01", "--to", "2026-01-02"],
        *["--times", "3", "--probability", "0.5", "--param", "status=503", "--param", "apart=simultaneous"],
    )
    assert 0 == done.exit_code
    assert {
        "fault": "answer",
        "match": {
            "event": "SaleCreated",
            "webhookId": "w",
            "url": "http://a",
            "trigger": "Resend",
            "run": 2,
            "operation": "deliver",
            "from": "2026-01-01",
            "to": "2026-01-02",
        },
        "times": 3,
        "probability": 0.5,
        "params": {"status": 503, "apart": "simultaneous"},
    } == api.asked[0][2]


def test_a_rule_for_everything(api, run):
    """Without options a rule matches every delivery, without end."""
    api.routes["POST /_sim/faults"] = RULE
    assert RULE == json.loads(run("fault", "add", "refuse", "--json").stdout)
    assert {"fault": "refuse", "match": {}, "times": None, "probability": 1.0, "params": {}} == api.asked[0][2]


def test_the_rules(api, run):
    """A line a rule, with how often it has fired."""
    api.routes["GET /_sim/faults"] = [RULE]
    assert [
        "id  fault   match                    params      times  chance  fired",
        "1   answer  event=SaleCreated run=1  status=503  ever   0.5     2",
    ] == run("fault", "list").stdout.splitlines()
    assert [RULE] == json.loads(run("fault", "list", "--json").stdout)


def test_removing_rules(api, run):
    """Ids name rules; without one, every rule goes."""
    api.routes |= {"DELETE /_sim/faults": None, "DELETE /_sim/faults/1": None, "DELETE /_sim/faults/2": None}
    assert 0 == run("fault", "clear", "1", "2", "1").exit_code
    assert 0 == run("fault", "clear").exit_code
    assert ["DELETE /_sim/faults/1", "DELETE /_sim/faults/2", "DELETE /_sim/faults"] == api.lines


def test_what_a_rule_without_a_match_is_for(api, run):
    """Every delivery, or, where it is the API that is broken, every call."""
    api.routes["GET /_sim/faults"] = [{**RULE, "fault": name, "match": {}} for name in ("refuse", "api-slow", "new")]
    assert ["every delivery", "every call", "every delivery"] == [
        line.partition("  every")[1].strip() + line.partition("  every")[2].partition("  ")[0]
        for line in run("fault", "list").stdout.splitlines()[1:]
    ]


def test_removing_rules_that_there_are_not(api, run):
    """All others are removed; one line says which is which, and where to look."""
    api.routes |= {
        "DELETE /_sim/faults/1": None,
        "DELETE /_sim/faults/2": None,
        "DELETE /_sim/faults/999": (404, json.loads(bytes(refusal(UnknownFaultRule("no fault rule 999")).body))),
    }
    done = run("fault", "clear", "1", "999", "2")
    assert (3, "", 1) == (done.exit_code, done.stdout, done.stderr.count("\n"))
    assert "got '999' (`frontsim fault list` shows them); removed: 1, 2" in done.stderr
    assert ["DELETE /_sim/faults/1", "DELETE /_sim/faults/999", "DELETE /_sim/faults/2"] == api.lines
    assert "removed: none" in run("fault", "clear", "999").stderr


def test_removing_where_there_is_no_simulator(api, run):
    """The real API knows no rules: that is another mistake than an unknown id."""
    done = run("fault", "clear", "1")
    assert (3, True) == (done.exit_code, "is that a frontsim simulator?" in done.stderr)


@pytest.mark.parametrize(
    "args",
    [
        ["nope"],
        ["refuse", "--probability", "1.5"],
        ["refuse", "--probability", "nan"],
        ["refuse", "--times", "0"],
        ["refuse", "--trigger", "x"],
    ],
)
def test_rules_that_cannot_be(api, run, args):
    """A name or number that no rule may have is refused before anything is sent."""
    assert (3, []) == (run("fault", "add", *args).exit_code, api.lines)


def test_help_names_every_fault_and_parameter(run):
    """The help comes from the registry."""
    told = run("fault", "--help").output
    names = [*FAULTS, *(name for fault in FAULTS.values() for name in fault.params)]
    assert [] == [name for name in names if name not in told]
    assert "e+" not in told


def test_help_is_whole_in_a_narrow_terminal():
    """No command's line is cut where there are 80 columns, of which click leaves two free."""
    told = click.Context(fault, info_name="fault", terminal_width=78, help_option_names=["-h", "--help"]).get_help()
    assert "..." not in told.partition("Commands:")[2]


def test_a_mistyped_fault_is_answered_with_the_right_one(run):
    done = run("fault", "add", "lost-respones")
    assert (3, True) == (done.exit_code, "did you mean 'lost-response'?" in done.stderr)
