"""What a judgement tells beside its findings."""

import pytest

from frontsim.verdicts import Verdict
from frontsim.verification.facts.classes import Class
from frontsim.verification.facts.history import Effect, Entity, EventFact, StateRow
from frontsim.verification.judge.checks import judge
from tests.verification.judge.histories import CONTRACT, booked, event, history, run, verdict_on


def test_foreign_effects_are_left_out_and_told():
    """Records of others are neither effects of ours nor a violation; a note says how many there were."""
    sale = event()
    others = [Effect("somebody-else", {}), Effect(None, {"x": 1})]
    found = verdict_on(sale, effects=[*booked(sale), *others])
    assert found.verdict is Verdict.VERIFIED
    assert found.notes == ("2 new effects name no event of this scenario, and were ignored",)


def twins(*effects):
    entity = Entity("saleId", "7")
    pair = [EventFact(f"webhook-{n}", f"twin-{n}", "SaleCreated", (run(),), entity=entity) for n in (1, 2)]
    return judge(history(*pair, effects=[Effect(f"twin-{number}", {}) for number in effects]), CONTRACT)


@pytest.mark.parametrize(
    ("effects", "expected"),
    [
        ((1,), Verdict.VERIFIED),
        ((2,), Verdict.VERIFIED),
        ((1, 2), Verdict.VERIFIED),
        ((), Verdict.VIOLATED),
        ((1, 1), Verdict.VIOLATED),
        ((1, 2, 2), Verdict.VIOLATED),
    ],
)
def test_two_webhooks_may_be_booked_once_or_once_each(effects, expected):
    """One occurrence through two webhooks has one effect, or one for each event id; twice for one id is too often."""
    assert twins(*effects).verdict is expected


def test_two_webhooks_booked_for_each_is_a_note():
    """Both are right, but the business may see it double: that is told."""
    assert "two webhooks" in twins(1, 2).notes[0]
    assert twins(1).notes == ()


def updates(*hours):
    return [
        event(
            type="CustomerUpdated",
            entity=Entity("customerId", "7", (("updatedDateTime", f"2026-08-01T{hour}:00:00"),)),
            state=StateRow("customerId", "7", f"2026-08-01T{hour}:00:00"),
        )
        for hour in hours
    ]


def test_a_table_of_the_newest_states_loses_nothing():
    """A row per customer shows the last update in the place of the first: that is no loss, and the note says so."""
    first, second = updates(10, 11)
    found = verdict_on(first, second, effects=booked(second))
    assert (found.verdict, found.findings, found.missing) == (Verdict.VERIFIED, (), frozenset())
    assert {first.webhook_event_id: Class.OK, second.webhook_event_id: Class.OK} == found.classes
    assert "1 older states have no effect of their own" in found.notes[0]


def test_an_update_that_is_dropped_is_lost():
    """The first is kept and the second is not there, or neither is: no table of the newest states does that."""
    first, second = updates(10, 11)
    assert [second.webhook_event_id] == [
        each.webhook_event_id for each in verdict_on(first, second, effects=booked(first)).findings
    ]
    assert 2 == len(verdict_on(first, second).findings)


def test_others_are_accused_beside_a_table_of_the_newest_states():
    """That one scenario's updates cannot be judged excuses no other loss in it."""
    first, second = updates(10, 11)
    lost = event()
    found = verdict_on(first, second, lost, effects=booked(second))
    assert (found.verdict, [each.webhook_event_id for each in found.findings]) == (
        Verdict.VIOLATED,
        [lost.webhook_event_id],
    )
