"""`frontsim simulate`."""

import json

from frontsim.cli.commands.simulator import ACTS, DAY

RAISED = {"occurrences": 1, "events": [{"webhookId": "w", "webhookEventId": "e", "event": "StockMovementCreated"}]}


def test_an_act(api, run):
    """An act is done once or so many times; what it caused is listed by type."""
    api.routes["POST /_sim/simulate"] = (202, RAISED)
    done = run("simulate", "sale")
    assert ["event                 webhookEventId", "StockMovementCreated  e"] == done.stdout.splitlines()
    assert RAISED == json.loads(run("simulate", "order-refund", "--count", "4", "--json").stdout)
    assert [{"what": "sale", "count": 1}, {"what": "order-refund", "count": 4}] == [body for _, _, body in api.asked]


def test_a_day(api, run):
    """A day has a speed and no count."""
    api.routes["POST /_sim/simulate"] = (202, RAISED)
    run("simulate", "day")
    run("simulate", "day", "--speed", "1200")
    assert [{"what": "day", "speed": 600}, {"what": "day", "speed": 1200}] == [body for _, _, body in api.asked]


def test_options_that_do_not_fit(api, run):
    """A speed is for a day only, a count for anything else."""
    for args in (
        ["sale", "--speed", "2"],
        ["day", "--count", "2"],
        ["day", "--speed", "0"],
        ["day", "--speed", "nan"],
        ["day", "--speed", "inf"],
    ):
        assert (args, 3, []) == (args, run("simulate", *args).exit_code, api.lines)


def test_help_names_every_act(run):
    """Each act that can be simulated stands in the help."""
    words = run("simulate", "--help").output.replace(",", " ").replace(".", " ").split()
    assert [] == [act for act in (*ACTS, DAY) if act not in words]


def test_many_are_done_some_in_a_call(api, run):
    """One answer comes of all; an error says how many are done."""
    asked = []

    def simulate(body):
        asked.append(body["count"])
        return 202, {"occurrences": 2 * body["count"], "events": [{**RAISED["events"][0], "webhookEventId": str(body)}]}

    api.routes["POST /_sim/simulate"] = simulate
    answer = json.loads(run("simulate", "sale", "--count", "1200", "--json").stdout)
    assert ([500, 500, 200], 2400, 3) == (asked, answer["occurrences"], len(answer["events"]))

    api.routes["POST /_sim/simulate"] = lambda _: simulate(_) if len(asked) < 4 else (503, {"detail": "full"})
    done = run("simulate", "sale", "--count", "1200")
    assert (3, True) == (done.exit_code, "500 acts are done, then: full" in done.stderr)
