from dataclasses import replace

from frontsim.verification.compare.columns import corrupt, rewritings
from frontsim.verification.effects.correlate import EventGroup, correlate
from frontsim.verification.effects.history import ContentCheck, Effect, EventFact, History, Observation


def groups(*kept):
    """Sales of 12.5, 20 and 0 for Anna, Bo and C, and what is kept of each."""
    sent = [{"total": 12.5, "name": "Anna"}, {"total": 20, "name": "Bo"}, {"total": 0, "name": "C"}]
    events = tuple(EventFact("w", str(number), "SaleCreated", (), payload=each) for number, each in enumerate(sent))
    shown = tuple(Effect(str(number), {"payload": each}) for number, each in enumerate(kept))
    history = History("steady", events, final=Observation(9, shown))
    return correlate(history, history.final).groups


def details(found):
    return [(each.event.webhook_event_id, each.reason) for each in found]


def test_a_field_that_every_effect_shows_rewritten_is_a_note():
    """Cents: 0 stays 0. Upper case: C stays C."""
    found = groups({"total": 1250, "name": "ANNA"}, {"total": 2000, "name": "BO"}, {"total": 0, "name": "C"})
    assert [] == corrupt(found)
    assert [
        "SaleCreated: every effect shows total times 100; nothing is lost, so this is no finding",
        "SaleCreated: every effect shows name in another letter case; nothing is lost, so this is no finding",
    ] == rewritings(found)


def test_a_field_that_every_effect_hides_is_a_note():
    """A journal may hide names; where it hides some and shows others, it has lost some. A short one may stay."""
    found = groups({"total": 12.5, "name": "***"}, {"total": 20, "name": "Bo"}, {"total": 0, "name": "*"})
    assert [] == corrupt(found)
    assert [
        "SaleCreated: every effect shows name masked; it hides personal data on purpose, so this is no finding"
    ] == rewritings(found)
    long = replace(found[1].events[0], payload={"total": 20, "name": "Borghild"})
    shown = (Effect("1", {"payload": {"total": 20, "name": "Borghild"}}),)
    some = [found[0], replace(found[1], events=(long,), effects=shown)]
    assert [("0", "name: sent 'Anna', kept '***'")] == details(corrupt(some))


def test_a_field_that_some_effects_show_rewritten_is_corrupt():
    """One sale in cents among others in crowns is a wrong amount."""
    found = groups({"total": 1250, "name": "Anna"}, {"total": 20, "name": "Bo"}, {"total": 0, "name": "C"})
    assert [("0", "total: sent 12.5, kept 1250")] == details(corrupt(found))
    assert [] == rewritings(found)


def test_a_field_that_is_rewritten_in_two_ways_is_corrupt():
    """Of amounts in cents, one lost its fraction."""
    found = groups({"total": 1200, "name": "Anna"}, {"total": 2000, "name": "Bo"}, {"total": 0, "name": "C"})
    assert [("0", "total: sent 12.5, kept 1200"), ("1", "total: sent 20, kept 2000")] == details(corrupt(found))


CENTS = ({"total": 1250, "name": "ANNA"}, {"total": 2000, "name": "BO"}, {"total": 0, "name": "C"})


def test_content_that_is_compared_exactly_may_not_be_rewritten():
    """The same cents, and a key that was left out, are findings then; the same values are none."""
    found = corrupt(groups(*CENTS), ContentCheck.EXACT)
    assert [("0", "total: sent 12.5, kept 1250"), ("1", "total: sent 20, kept 2000")] == details(found)
    assert [] == rewritings(groups(*CENTS), ContentCheck.EXACT)
    assert [] == corrupt(groups({"name": "Anna", "total": 12.50}), ContentCheck.EXACT)


def test_content_that_is_not_compared_is_never_wrong():
    """Off: neither a finding nor a note."""
    wrong = groups({"total": 1, "name": "X"})
    assert ([], []) == (corrupt(wrong, ContentCheck.OFF), rewritings(groups(*CENTS), ContentCheck.OFF))


def test_only_unambiguous_effects_of_unaltered_events_are_compared():
    """Not an altered body, an event without a payload, or two events with one effect; what follows is."""
    wrong = {"total": 1, "name": "X"}
    altered, plain, twin, sale = (EventFact("w", name, "SaleCreated", (), payload=SENT) for name in "aptx")
    shown = (Effect(None, {"payload": wrong}),)
    groups = [
        EventGroup((replace(altered, altered=True),), shown, 1, 1),
        EventGroup((replace(plain, payload=None),), shown, 1, 1),
        EventGroup((twin, plain), shown, 1, 2),
        EventGroup((sale,), (Effect(None, {}), *shown), 1, 1),
    ]
    for check in (ContentCheck.KNOWN, ContentCheck.EXACT):
        assert ["x"] == [each.event.webhook_event_id for each in corrupt(groups, check)]


SENT = {"total": 12.5, "name": "Anna"}


def test_data_of_the_receivers_own_is_compared_in_no_way():
    """A column `payload` with other keys is no copy, even where content must be exact."""
    own = groups({"sum": 12.5, "customer": "Anna"})
    for check in ContentCheck:
        assert ([], []) == (corrupt(own, check), rewritings(own, check))


def test_a_field_that_is_lost_in_every_effect_is_no_rewriting():
    """Nor is one that is rewritten in two ways."""
    lost = groups({"total": 12.5, "name": "?"}, {"total": 20, "name": "?"}, {"total": 0, "name": "?"})
    assert ([], ["0", "1", "2"]) == (rewritings(lost), [each.event.webhook_event_id for each in corrupt(lost)])
    two_ways = groups({"total": 1250, "name": "Anna"}, {"total": 200, "name": "Bo"})
    assert ([], ["0", "1"]) == (rewritings(two_ways), [each.event.webhook_event_id for each in corrupt(two_ways)])
    some = groups({"total": 1250, "name": "Anna"}, {"total": 21, "name": "Bo"})
    assert ([], ["0", "1"]) == (rewritings(some), [each.event.webhook_event_id for each in corrupt(some)])


def test_a_field_that_an_effect_leaves_out_is_in_no_other_form():
    """Cents in two sales, and no amount in the third: still one rewriting."""
    found = groups(CENTS[0], {**CENTS[1], "total": None}, CENTS[2])
    assert "SaleCreated: every effect shows total times 100; nothing is lost, so this is no finding" in rewritings(
        found
    )
    assert [] == corrupt(found)
