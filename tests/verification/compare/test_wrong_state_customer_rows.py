"""Rows of customers that are right, wrong and in doubt."""

import pytest

from frontsim.domain.model import Outcome, Trigger
from frontsim.verification.compare.wrong_state import check_customers
from frontsim.verification.effects.classes import Class
from frontsim.verification.effects.history import EventFact, Expect, History, Run
from frontsim.verification.effects.state_shape import SEVERAL, CustomerField, CustomerShape, StateFacts

SHAPE = CustomerShape("id", {"name": ["firstName", "lastName"], "mail": ["email"], "phone": ["phone"]})
OLA = {"firstName": "Ola", "lastName": "Nordmann", "email": "ola@example.com", "phone": "40529154"}
KARI = {"firstName": "Kari", "lastName": "Berg", "email": "kari@example.com", "phone": "91234567"}
AS_OLA = {"name": "Nordmann, Ola", "mail": "OLA@example.com", "phone": "405 29 154"}
AS_KARI = {"name": "Kari Berg", "mail": "kari@example.com", "phone": "+4791234567"}


def run(at_ms=0, status=200):
    return Run(1, Trigger.ORIGINAL, Outcome.ANSWERED, "", status, at_ms)


def change_event(
    name, hour, person, *runs, customer=7, event="CustomerUpdated", expect=Expect.ONCE, altered=False, **more
):
    payload = {
        "customerId": customer,
        "updatedDateTime": f"2026-08-01T{hour:02}:00:00",
        "deleted": False,
        **person,
        **more,
    }
    return EventFact("w", name, event, runs or (run(at_ms=hour),), expect, payload=payload, altered=altered)


OLD, NEW = change_event("old", 11, OLA), change_event("new", 12, KARI)
LATE = change_event("late", 11, OLA, run(at_ms=30), expect=Expect.EITHER)


def check(row, *events, others=(), **state):
    rows = {"7": row, **dict(others)}
    after = {
        CustomerField(who, column): value for who, shown in rows.items() for column, value in (shown or {}).items()
    }
    facts = StateFacts("state", None, after={}, customers=SHAPE, customers_after=after, **state)
    return check_customers(History("s", events, state=facts))


def wrong(row, *events, **options):
    found = check(row, *events, **options)
    return [(each.class_, each.accused and each.accused.webhook_event_id) for each in found.wrong]


@pytest.mark.parametrize(
    ("row", "events"),
    [
        (AS_KARI, [OLD, NEW]),
        (AS_KARI, [NEW, LATE]),
        (AS_OLA, [OLD, change_event("refused", 12, KARI, run(status=422))]),
        (AS_OLA, [OLD, change_event("unknown", 12, KARI, Run(1, Trigger.ORIGINAL, Outcome.UNKNOWN, "", None, 0))]),
        (AS_KARI, [OLD, change_event("unknown", 12, KARI, Run(1, Trigger.ORIGINAL, Outcome.UNKNOWN, "", None, 0))]),
        (AS_OLA, [OLD, change_event("same moment", 11, KARI)]),
        ({**AS_KARI, "mail": "ola@example.com"}, [OLD, change_event("new", 12, {**KARI, "email": None})]),
        ({**AS_KARI, "mail": None}, [change_event("old", 11, {**OLA, "email": ""}), NEW]),
        ({**AS_KARI, "name": "masked"}, [OLD, NEW]),
        (
            {**AS_OLA, "name": "masked", "mail": "masked"},
            [OLD, change_event("new", 12, {**KARI, "phone": OLA["phone"]})],
        ),
    ],
)
def test_a_right_row(row, events):
    """It shows the newest acknowledged event; an update without a text may leave what was known."""
    assert [] == wrong(row, *events)


@pytest.mark.parametrize(
    ("row", "events", "accused"),
    [
        (AS_OLA, [NEW, LATE], (Class.STALE, "late")),
        (AS_OLA, [OLD, NEW], (Class.WRONG_STATE, "new")),
        ({**AS_OLA, "name": "masked"}, [NEW, LATE], (Class.STALE, "late")),
        ({**AS_OLA, "mail": None, "phone": None}, [NEW, LATE], (Class.STALE, "late")),
        ({**AS_OLA, "name": "Kari Berg"}, [NEW, LATE], (Class.WRONG_STATE, None)),
        ({"name": "Per", "mail": "x", "phone": "1"}, [OLD, NEW], (Class.WRONG_STATE, None)),
        ({"name": "", "mail": None, "phone": None}, [NEW], (Class.WRONG_STATE, None)),
    ],
)
def test_a_wrong_row(row, events, accused):
    """One that shows an older event accuses of it, or of the newer one that was lost; any other accuses of nothing."""
    assert [accused] == wrong(row, *events)


def test_what_is_said():
    """Both values, with the events and their moments."""
    (late,), (lost,) = check(AS_OLA, NEW, LATE).wrong, check(AS_OLA, OLD, NEW).wrong
    expected = "expected 'Kari', 'Berg' in name of customer 7 (new of 2026-08-01T12:00:00), got 'Nordmann, Ola'"
    assert f"{expected} as in late of 2026-08-01T11:00:00, which is older" == late.reason
    assert f"{expected} as in old of 2026-08-01T11:00:00, which came before: the newer one was lost" == lost.reason
    assert {"new", "late"} == late.events
    (mixed,) = check({**AS_OLA, "name": "Kari Berg"}, NEW, LATE).wrong
    assert mixed.reason.endswith("of which columns are of several events")
    (odd,) = check({"name": "Per"}, NEW).wrong
    assert odd.reason.endswith("which no event of the scenario has")


def test_a_row_is_explained_by_the_older_change_that_most_columns_show():
    """Of two older ones."""
    third = change_event("third", 10, {**OLA, "email": "old@example.com"})
    assert [(Class.WRONG_STATE, "new")] == wrong(AS_OLA, third, OLD, NEW)
    (found,) = check(AS_OLA, third, OLD, NEW).wrong
    assert "as in old" in found.reason


@pytest.mark.parametrize(
    "events",
    [
        [OLD, change_event("new", 12, KARI, altered=True)],
        [OLD, change_event("new", 12, KARI, deleted=True)],
        [change_event("old", 11, OLA, expect=Expect.EITHER)],
        [change_event("old", 11, OLA, run(status=500))],
    ],
)
def test_customers_that_cannot_be_judged_are_left_out(events):
    """A body was changed on the way, the customer was deleted, or nothing is owed."""
    found = check(AS_OLA, *events)
    assert ((), 0) == (tuple(found.wrong), found.checked)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"shared_customers": frozenset({"7"})}, "events of another scenario are about them too"),
        ({"customers_before": {CustomerField("7", "name"): "x"}}, "the receiver had them before the scenario"),
    ],
)
def test_a_doubt_is_no_accusation(options, reason):
    """It is told with its number; a row that is right stays so."""
    found = check(AS_OLA, NEW, LATE, **options)
    assert ([], 0, {reason: 1}) == (found.wrong, found.checked, found.unclear)
    assert {} == check(AS_KARI, NEW, LATE, **options).unclear


def test_other_doubts():
    """Rows that disagree, and events of other types."""
    assert {"several rows of one customer disagree": 1} == check({**AS_OLA, "mail": SEVERAL}, NEW, LATE).unclear
    sale = EventFact("w", "sale", "SaleCreated", (run(),), payload={"customer": {"customerId": 7}})
    assert ["events of other types name them, and what the receiver takes from those is not known"] == list(
        check(AS_OLA, NEW, LATE, sale).unclear
    )


OTHER = change_event("other", 12, OLA, customer=8)


def test_a_customer_without_a_row():
    """Lost, where another one like it has its row."""
    assert [(Class.WRONG_STATE, "new")] == wrong(None, NEW, OTHER, others={"8": AS_OLA})
    (found,) = check(None, NEW, OTHER, others={"8": AS_OLA}).wrong
    assert (None, "expected a row of customer 7, got none") == (found.shown, found.reason)


@pytest.mark.parametrize(
    ("missing", "doubt"),
    [
        (change_event("new", 12, {**KARI, "email": ""}), "(email)"),
        (change_event("new", 12, KARI, isEmployee=True), "(isEmployee)"),
        (change_event("new", 12, KARI, countryCode="se"), "(countryCode)"),
        (change_event("new", 12, KARI, event="CustomerCreated"), "(type of event)"),
        (change_event("new", 12, {**KARI, "phone": OLA["phone"]}), "same e-mail or phone number"),
    ],
)
def test_a_customer_that_the_receiver_may_not_want_is_a_doubt(missing, doubt):
    """Nothing shows that it keeps those without e-mail, from abroad, of staff; or it made one of two."""
    (found,) = check(None, missing, OTHER, others={"8": AS_OLA}).wrong
    assert (None, True) == (found.accused, doubt in found.reason)


def test_what_the_receiver_is_known_to_keep_is_no_doubt():
    """Clean customers without e-mail had their rows."""
    without = change_event("new", 12, {**KARI, "email": ""})
    kept = frozenset({("email", None)})
    assert [(Class.WRONG_STATE, "new")] == wrong(None, without, OTHER, others={"8": AS_OLA}, kept=kept)


def test_what_tells_the_order_of_events():
    """A column with different texts; without one, nothing is said of the order."""
    assert {"new", "late"} == check(AS_KARI, NEW, LATE).compared
    twin = change_event("twin", 11, KARI)
    found = check(AS_KARI, NEW, twin)
    assert (1, frozenset()) == (found.checked, found.compared)


def test_rows_that_were_not_read_show_nothing():
    """Nor do rows that show no customers."""
    for facts in (None, StateFacts("state", None, customers=SHAPE), StateFacts("state", None, after={})):
        assert 0 == check_customers(History("s", (NEW,), state=facts)).checked


def test_a_column_that_may_show_both_speaks_for_the_present_state():
    """ "Berg" stands in "Bergland", so the name does not accuse, and it keeps the mail from doing so."""
    before, after = (
        change_event("before", 11, {**KARI, "email": "old@x.example"}),
        change_event("after", 12, {**KARI, "lastName": "Bergland"}),
    )
    row = {"name": "Kari Bergland", "mail": None, "phone": None}
    assert [] == wrong(row, before, after)
    assert [(Class.WRONG_STATE, None)] == wrong({**row, "mail": "old@x.example"}, before, after)


@pytest.mark.parametrize(("text", "accused"), [("abc", "new"), ("ab", None)])
def test_a_short_text_decides_nothing(text, accused):
    """It may stand in another by chance."""
    row = {"name": "masked", "mail": text, "phone": None}
    assert [(Class.WRONG_STATE, accused)] == wrong(row, change_event("old", 11, {**OLA, "email": text}), NEW)


def test_what_was_refused_for_good_explains_nothing():
    """It cannot be what the row shows."""
    assert [(Class.WRONG_STATE, None)] == wrong(AS_OLA, change_event("refused", 11, OLA, run(status=422)), NEW)


def test_a_doubt_about_one_customer_leaves_the_others():
    """They are judged all the same."""
    other = [change_event("first", 11, OLA, customer=8), change_event("second", 12, KARI, customer=8)]
    found = check(AS_OLA, OLD, NEW, *other, others={"8": AS_OLA}, shared_customers=frozenset({"7"}))
    assert (["second"], 1) == ([each.accused.webhook_event_id for each in found.wrong], found.checked)


def test_a_customer_is_compared_only_if_a_column_tells_each_older_change_apart():
    """By one column at least; one that is the same in both is enough to hide the order of the two."""
    same_phone = change_event("same phone", 11, {**OLA, "phone": KARI["phone"]})
    assert {"new", "same phone"} == check(AS_KARI, same_phone, NEW).compared
    assert frozenset() == check(AS_KARI, OLD, change_event("twin", 10, KARI), NEW).compared


def test_an_older_event_that_ended_as_the_newest_began_may_have_come_last():
    """Their order is not known."""
    assert [(Class.STALE, "old")] == wrong(AS_OLA, change_event("old", 11, OLA, run(at_ms=12)), NEW)


def test_the_doubts_about_a_missing_customer_are_few():
    """The first three by name."""
    strange = change_event("new", 12, KARI, d=True, c=True, b=True, a=True)
    (found,) = check(None, strange, OTHER, others={"8": AS_OLA}).wrong
    assert found.reason.endswith("is not known (a, b, c)")


def test_customers_of_one_address_may_be_one_and_those_without_are_not():
    """By e-mail or phone; two customers who have neither have nothing in common."""
    same = change_event("new", 12, {**KARI, "email": OLA["email"]})
    (found,) = check(None, same, OTHER, others={"8": AS_OLA}).wrong
    assert "same e-mail or phone number" in found.reason
    without = {"email": "", "phone": ""}
    both = change_event("new", 12, {**KARI, **without}), change_event("other", 12, {**OLA, **without}, customer=8)
    assert [(Class.WRONG_STATE, "new")] == wrong(
        None, *both, others={"8": {"name": "Ola Nordmann", "mail": "", "phone": ""}}
    )
