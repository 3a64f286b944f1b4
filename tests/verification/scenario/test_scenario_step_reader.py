import pytest

from frontsim.domain.faults import FAULTS, FaultStage
from frontsim.errors import Unusable
from frontsim.verification.effects.history import Expect
from frontsim.verification.scenario.scenario import read
from frontsim.verification.scenario.steps import Raise

RAISE, FAULT = '[[step]]\ndo = "raise"\n', '[[step]]\ndo = "fault"\n'
AGAIN = """
[[step]]
do = "raise"
label = "x"
[[step]]
do = "raise"
same_as = "x"
keep = ["saleId"]
"""


def test_a_scenario_is_read_whole(scenario_file):
    """Keys become fields: words, lists, tables, defaults."""
    text = '[[step]]\ndo = "raise"\nevents = ["SaleCreated"]\ncount = 3\nexpect = "either"\n[step.set]\ntotal = 1\n'
    scenario = read(scenario_file(text))
    assert (scenario.name, scenario.breaks, scenario.webhooks) == ("mine", "All is well.", 1)
    assert scenario.steps == (Raise(events=["SaleCreated"], count=3, expect=Expect.EITHER, set={"total": 1}),)


@pytest.mark.parametrize("fault", [fault.name for fault in FAULTS.values()])
def test_every_fault_can_be_in_a_scenario(scenario_file, fault):
    """One registry: deliveries, the log and the API can all be broken; an operation is known in any case."""
    step = f'{FAULT}fault = "{fault}"\n'
    assert [fault] == [each.fault for each in read(scenario_file(RAISE + step)).steps[1:]]
    if FAULTS[fault].stage is FaultStage.API:
        read(scenario_file(f'{RAISE}{step}match = {{operation = "DELIVERwebhookevent"}}\n'))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[[step]]\ndo = "explode"', "step 1.do: expected one of raise, fault"),
        ("[[step]]\n", "step 1.do: expected one of"),
        (RAISE + "number = 3", "step 1 (raise).number: expected one of do, events, count"),
        (RAISE + 'count = "3"', "step 1 (raise).count: expected a whole number from 1 to 100,000, got '3'"),
        (RAISE + "count = true", "step 1 (raise).count: expected a whole number from 1 to 100,000, got true"),
        (RAISE + "count = -1", "step 1 (raise).count: expected a whole number from 1 to 100,000, got -1"),
        ('[[step]]\ndo = "dependency"\nfault = "flood"', "step 1 (dependency).fault: expected one of down, stall"),
        ('[[step]]\ndo = "dependency"\nfault = "slow"', "step 1 (dependency).delay_ms: expected milliseconds"),
        ('[[step]]\ndo = "dependency"\nfault = "down"\nafter = 1', "step 1 (dependency).after: expected none beside"),
        (
            '[[step]]\ndo = "dependency"\nfault = "down"\ndelay_ms = 1',
            "step 1 (dependency).delay_ms: expected none beside",
        ),
        ('[[step]]\ndo = "boundaries"\nact = "wink"', "step 1 (boundaries).act: expected one of lose the answer"),
        ('[[step]]\ndo = "raise"\nevents = "few"', 'step 1 (raise).events: expected "all", "some", "one" or a list'),
        (RAISE + "events = [1]", "step 1 (raise).events: expected a list of texts, got [1]"),
        (RAISE + 'expect = "twice"', "step 1 (raise).expect: expected one of once, refused, either"),
        (FAULT, "step 1 (fault).fault: expected a value, got nothing"),
        ('[[step]]\ndo = "crash"\nat = "noon"', "step 1 (crash).at: expected one of accepted, headers sent"),
        (
            '[[step]]\ndo = "crash"\nat = "accepted"\nof_answer_time = 0.5',
            "step 1 (crash).of_answer_time: expected none beside accepted, got 0.5",
        ),
        (
            '[[step]]\ndo = "crash"\nat = "whole body"\nof_answer_time = 0.5\nafter_ms = 1',
            "step 1 (crash).after_ms: expected none beside of_answer_time, got 1",
        ),
        (
            '[[step]]\ndo = "crash"\nat = "whole body"\nnear_the_effect = 9\nof_answer_time = 0.5',
            "step 1 (crash).of_answer_time: expected none beside near_the_effect, got 0.5",
        ),
        ('[[step]]\ndo = "drain"\nnow = 1', "step 1 (drain).now: expected one of do, got the name 'now'"),
        ('[[step]]\ndo = "resend"\nlabel = "x"', "step 1.label: expected the label of an earlier step, got 'x'"),
        (
            '[[step]]\ndo = "raise"\nsame_as = "x"\nkeep = ["saleId"]',
            "step 1.same_as: expected the label of an earlier step, got 'x'",
        ),
        ("webhooks = 0", "webhooks: expected a whole number from 1 to 10, got 0"),
        ('webhooks = "2"', "webhooks: expected a whole number from 1 to 10, got '2'"),
        (
            "speed = 1",
            "speed: expected one of breaks, holds, order, webhooks, levels, calls, step, got the name 'speed'",
        ),
        ("step = 1", "step: expected [[step]], a table for each step, got 1"),
        ('[step]\ndo = "raise"', "step: expected [[step]], a table for each step, got {"),
        ("", "step: expected a [[step]] that raises, resends, crashes or restarts, got none"),
        ('[[step]]\ndo = "drain"', "step: expected a [[step]] that raises, resends, crashes or restarts, got none"),
        (RAISE + "count = 0", "step 1 (raise).count: expected a whole number from 1 to 100,000, got 0"),
        ('[[step]]\ndo = "raise"\nevents = []', 'step 1 (raise).events: expected "all", "some", "one" or a list'),
        (
            '[[step]]\ndo = "raise"\ngrow = {salesLines = "many"}',
            ".grow.salesLines: expected a whole number from 0 to 1,000,000,000, got 'many'",
        ),
        (RAISE + "set = {saleDateTime = 2026-08-01}", ".set.saleDateTime: expected what JSON can hold"),
        (RAISE + "set = {total = nan}", ".set.total: expected what JSON can hold"),
        (RAISE + 'keep = ["saleId"]', "step 1 (raise).keep: expected same_as beside it, got none"),
        (RAISE + 'older_than = "x"', "step 1 (raise).older_than: expected same_as beside it, got none"),
        (RAISE + 'same_as = "x"', "step 1 (raise).same_as: expected keep beside it"),
        (f"{AGAIN}grow = {{salesLines = 3}}", "step 2 (raise).grow: expected none beside same_as"),
        (f'{AGAIN}older_than = "y"', "step 2 (raise).older_than: expected 'x' as in same_as, got 'y'"),
        (f'{AGAIN}newer_than = "y"', "step 2 (raise).newer_than: expected 'x' as in same_as, got 'y'"),
        (f'{AGAIN}older_than = "x"\nnewer_than = "x"', "step 2 (raise).newer_than: expected none beside older_than"),
        (
            '[[step]]\ndo = "resend"\ntogether = 0',
            "step 1 (resend).together: expected a whole number from 1 to 1,000,",
        ),
        (
            '[[step]]\ndo = "resend"\ntimes = 0',
            "step 1 (resend).times: expected a whole number from 1 to 1,000,",
        ),
        ('[[step]]\ndo = "wait"\nseconds = inf', "step 1 (wait).seconds: expected a number from 0 to 3,600, got inf"),
        ('[[step]]\ndo = "wait"\nseconds = nan', "step 1 (wait).seconds: expected a number from 0 to 3,600, got nan"),
        (FAULT + 'fault = "refus"', "step 1 (fault).fault: expected one of refuse, "),
        (
            '[[step]]\ndo = "fault"\nfault = "refuse"\nprobability = 2',
            "step 1 (fault).probability: expected a number from 0 to 1",
        ),
        (FAULT + 'fault = "answer"\nparams = {stat = 500}', "step 1 (fault).params.stat: expected"),
        (
            '[[step]]\ndo = "fault"\nfault = "refuse"\nmatch = {evnt = "x"}',
            "step 1 (fault).match.evnt: expected one of event",
        ),
        (
            FAULT + 'fault = "refuse"\ntimes = 0',
            "step 1 (fault).times: expected a whole number from 1 to 1,000,",
        ),
        (
            FAULT + 'fault = "refuse"\nmatch = {webhookId = "7d2f5dd2-2d0c-4c5c-9b53-4b8a5f4c1a11"}',
            "step 1 (fault).match.webhookId: expected event or url instead: a webhook has its id only when",
        ),
        (
            FAULT + 'fault = "refuse"\nmatch = {operation = "deliverWebhookEvent"}',
            "step 1 (fault).match.operation: expected one of event",
        ),
        (
            FAULT + 'fault = "api-error"\nmatch = {event = "SaleCreated"}',
            "step 1 (fault).match.event: expected one of operation",
        ),
        (
            FAULT + 'fault = "api-slow"\nmatch = {operation = "createWebhook"}',
            "step 1 (fault).match.operation: expected listWebhookEvents or deliverWebhookEvent, what a scenario lists "
            "and resends through, or sink, got 'createWebhook'",
        ),
        (FAULT + 'fault = "api-error"\nparams = {status = 204}', "step 1 (fault).params.status: expected a whole"),
        (FAULT + 'fault = "api-lost-response"\ntolerable = true', "step 1 (fault).tolerable: expected none, got true"),
        ("[[step", "expected TOML"),
        (
            "webhooks = 0\nspeed = 1\n" + RAISE + "count = 0",
            "webhooks: expected a whole number from 1 to 10, got 0; step",
        ),
    ],
)
def test_a_mistake_is_refused_with_file_and_key(scenario_file, text, told):
    """A mistake in a scenario is refused with the file, the step and the key, what was expected and what came."""
    with pytest.raises(Unusable, match=r"mine\.toml") as refused:
        read(scenario_file(text))
    assert told in str(refused.value)
