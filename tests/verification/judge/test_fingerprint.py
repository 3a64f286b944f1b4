"""The effects of pairs tell a receiver's key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontsim.verification.effects.history import Effect, Entity, EventFact, Expect
from frontsim.verification.judge.fingerprint import Fingerprint, KeyPair, PairSent, fingerprint

TWO_IDS = {
    KeyPair.SAME_BYTES,
    KeyPair.ENTITY,
    KeyPair.CONTENT,
    KeyPair.MOMENT,
    KeyPair.ALIKE,
    KeyPair.WEBHOOK,
    KeyPair.VERSION,
}


def fact(event_id, entity, expect=Expect.ONCE):
    return EventFact("w", event_id, "SaleCreated", (), expect=expect, entity=Entity("saleId", entity))


def pairs(*wanted):
    """Pairs as they were sent, with a control: the ids of a pair are its name, and its name followed by `-2`."""
    sent = []
    for pair in wanted or [each for each in KeyPair if each is not KeyPair.CONTROL]:
        first = fact(pair.name, pair.name)
        second = fact(f"{pair.name}-2", pair.name, Expect.EITHER) if pair in TWO_IDS else first
        sent.append(PairSent(pair, first, second))
    control = fact("CONTROL", "CONTROL")
    return [*sent, PairSent(KeyPair.CONTROL, control, control)]


def seen(sent, *again, without=(), key="webhookEventId"):
    """The fingerprint when the first of each pair is booked, and the second of those that are named."""
    ids = [each.first.webhook_event_id for each in sent if each.pair not in without]
    ids += [each.second.webhook_event_id for each in sent if each.pair in again]
    effects = [
        Effect(event_id if key != "business" else None, {"saleId": event_id.removesuffix("-2")}) for event_id in ids
    ]
    return fingerprint(sent, effects, key=key, identity="saleId")


def test_the_event_id_is_the_key():
    assert "books by event id; ids that differ in case or in dashes are one" == str(seen(pairs(), *TWO_IDS))


def test_what_it_remembers_is_said_of_a_receiver_that_has_a_key():
    """One that books every delivery remembers nothing, so that it has forgotten nothing either."""
    assert str(seen(pairs(), *TWO_IDS).with_memory("remembers it for 9 s")).endswith("; remembers it for 9 s")
    assert "9 s" not in str(seen(pairs(KeyPair.COPY), KeyPair.COPY).with_memory("has forgotten it after 9 s"))


def test_a_key_may_distinguish_ids_by_their_spelling():
    found = seen(pairs(), *TWO_IDS, KeyPair.CASE)
    assert "books by event id; ids that differ in dashes are one; ids that differ in case are two" == str(found)
    assert "books by event id" == found.short


def test_without_a_key_a_copy_is_booked_again():
    assert "books every delivery" == seen(pairs(), *set(KeyPair) - {KeyPair.CONTROL}).short


def test_the_body_is_in_the_key():
    """Another body under the same id, or about something else, is new to the receiver."""
    assert "books by event id and body" == seen(pairs(), *TWO_IDS, KeyPair.SPACED).short
    assert "books by event id and entity" == seen(pairs(), *TWO_IDS, KeyPair.SAME_ID).short


def test_the_bytes_are_the_key():
    different = TWO_IDS - {KeyPair.SAME_BYTES, KeyPair.WEBHOOK} | {KeyPair.SAME_ID, KeyPair.SPACED}
    assert "books by body: the same bytes under two ids are booked once" == str(seen(pairs(), *different))


def test_what_an_event_is_about_is_the_key():
    """A version tells two updates apart, or does not."""
    about = {KeyPair.SAME_ID, KeyPair.MOMENT, KeyPair.ALIKE}
    once = "a second event about one saleId is booked once"
    assert f"books by entity and version: {once}" == str(seen(pairs(), *about, KeyPair.VERSION))
    assert f"books by entity: {once}; a second version of one customer is not booked" == str(seen(pairs(), *about))
    assert "books by entity and time" == seen(pairs(), *about, KeyPair.ENTITY, KeyPair.VERSION).short
    assert (
        "books by entity and version for each webhook" == seen(pairs(), *about, KeyPair.VERSION, KeyPair.WEBHOOK).short
    )


def test_the_time_is_the_key():
    found = seen(pairs(), KeyPair.ENTITY, KeyPair.SAME_ID, KeyPair.VERSION)
    assert "books by time: two events of one moment are booked once" == str(found)


def test_fields_that_different_events_share_are_the_key():
    """A unique index on store and time: two sales of one moment are booked in two stores, and once in one."""
    found = seen(pairs(), KeyPair.ENTITY, KeyPair.MOMENT, KeyPair.VERSION)
    once = "two events that differ in their saleId alone are booked once"
    assert str(found).startswith(f"books by something other than the saleId: {once}")


def test_both_the_entity_and_the_id_may_be_keys():
    assert str(seen(pairs(), KeyPair.MOMENT, KeyPair.ALIKE, KeyPair.VERSION)).endswith(
        "; of two deliveries with one event id it books the first, too"
    )


def test_the_webhook_is_the_key():
    """Its second event is dropped, unless it comes under another webhook's id."""
    others = set(KeyPair) - {KeyPair.COPY, KeyPair.VERSION}
    assert "books by webhook" == seen(pairs(), KeyPair.WEBHOOK, without=others).short


def test_a_part_of_the_id_is_the_key():
    """All ids begin alike, and one of the events is booked."""
    sent = [
        PairSent(pair, fact(f"{'0' * 33}{n}", f"{n}"), fact(f"{'0' * 33}{n}", f"{n}")) for n, pair in enumerate(KeyPair)
    ]
    found = fingerprint(sent, [Effect("0" * 34)], key="webhookEventId", identity="saleId")
    part = "by its first 33 or fewer characters; of ids that begin alike it books one"
    assert f"books by a part of the event id: {part}" == str(found)


def test_how_much_of_an_id_is_the_key_at_least():
    """Two that it tells apart differ within that part."""
    ids = {COPY: "000000000000-1", SPACED: "000000000000-2", MOMENT: "000000001111-3", CONTENT: "000000001111-4"}
    assert "by its first 9 to 13 characters; of ids that begin alike" in str(by_ids(ids, COPY, MOMENT))


def test_a_receiver_that_loses_events_has_no_known_key():
    """A missing event is lost, and not recognised as a repeat."""
    found = seen(pairs(), without=[KeyPair.CONTROL, KeyPair.ENTITY])
    assert "unknown: 2 of 12 events that differ in everything are not booked" == str(found)
    assert not found.is_known


def test_a_receiver_that_doubles_events_has_no_known_key():
    """An event that was sent once is there twice: a second effect of a pair is then no sign of a second key."""
    sent = pairs()
    twice = [Effect(each.first.webhook_event_id) for each in sent] * 2
    assert "unknown: events that were sent once are booked twice" == str(
        fingerprint(sent, twice, key="webhookEventId", identity="saleId")
    )


def test_what_is_not_shown_is_unknown():
    sent = pairs()
    shown = fingerprint(sent, [], key="webhookEventId", identity="saleId")
    assert "unknown: the observer shows none of the events that were sent for it" == str(shown)
    assert not fingerprint([], [], key="business", identity="saleId").is_known


def test_a_table_of_newest_states_does_not_show_whether_a_version_is_dropped():
    """The second version has replaced the first one: nothing is said of versions."""
    sent = pairs()
    effects = [Effect(each.first.webhook_event_id) for each in sent if each.pair is not KeyPair.VERSION]
    effects += [Effect(each.second.webhook_event_id) for each in sent if each.pair in TWO_IDS]
    found = fingerprint(sent, effects, key="webhookEventId", identity="saleId")
    assert "version" not in str(found)


def test_pairs_are_distinguished_by_entity_without_event_ids():
    """Effects without event ids: of two events about one sale there are two effects, or one."""
    assert "books by event id" == seen(pairs(), *TWO_IDS, key="business").short
    assert "books by entity" == seen(pairs(), KeyPair.MOMENT, KeyPair.ALIKE, key="business").short


@given(
    st.sets(st.sampled_from([each for each in KeyPair if each is not KeyPair.CONTROL])),
    st.sets(st.sampled_from(KeyPair)),
)
def test_whatever_is_known_is_one_line(wanted, again):
    """Any pairs may be left out, because the receiver refused them, and any second delivery may be booked."""
    found = seen(pairs(*wanted), *again)
    assert isinstance(found, Fingerprint)
    assert 1 == len(str(found).splitlines())
    assert str(found).startswith(("books ", "unknown: "))


def test_nothing_is_added_to_what_is_unknown():
    """Nor is nothing added to what is known."""
    unknown, known = Fingerprint(), seen(pairs(), *TWO_IDS)
    assert unknown == unknown.with_memory("remembers it for 9 s")
    assert known == known.with_memory("")
    assert "unknown: no scenario came so far that the receiver could be probed" == str(
        fingerprint([], [], key="webhookEventId", identity="saleId")
    )


def test_the_key_is_unknown_if_two_ids_with_the_same_bytes_look_alike():
    """Without that pair nothing is known, whatever else was booked."""
    assert "unknown: the observer does not tell two events with the same bytes apart" == str(
        seen(pairs(KeyPair.WEBHOOK), KeyPair.WEBHOOK)
    )


def test_something_else_may_be_the_key():
    """The same bytes under two ids are one, and why is not known."""
    assert "books by something else than the event id: the same bytes under two ids are booked once" == str(
        seen(pairs(KeyPair.SAME_BYTES))
    )


@pytest.mark.parametrize("doubled", ["CONTROL", "SAME_BYTES"])
def test_one_event_that_is_doubled_makes_the_key_unknown(doubled):
    """It was sent once: alone, or as the first of two with ids of their own."""
    sent = pairs(KeyPair.SAME_BYTES)
    effects = [Effect(each) for each in ("CONTROL", "SAME_BYTES", "SAME_BYTES-2", doubled)]
    assert "unknown: events that were sent once are booked twice" == str(
        fingerprint(sent, effects, key="webhookEventId", identity="saleId")
    )


def test_what_has_no_identity_is_not_seen_by_business():
    """It counts as not booked."""
    unnamed = EventFact("w", "SPACED", "SaleCreated", ())
    sent = [*pairs(KeyPair.COPY), PairSent(KeyPair.SPACED, unnamed, unnamed)]
    effects = [Effect(None, {"saleId": name}) for name in ("COPY", "CONTROL")]
    assert "unknown: 1 of 3 events that differ in everything are not booked" == str(
        fingerprint(sent, effects, key="business", identity="saleId")
    )


def by_ids(ids, *booked):
    """The fingerprint of events with these ids, of which some are booked, in the order of the pairs."""
    sent = [PairSent(pair, fact(ids[pair], ids[pair]), fact(ids[pair], ids[pair])) for pair in ids]
    return fingerprint(sent, [Effect(ids[pair]) for pair in booked], key="webhookEventId", identity="saleId")


@pytest.mark.parametrize(("alike", "width"), [(36, 35), (35, 35), (34, 34), (8, 8), (7, 0)])
def test_how_much_of_an_id_is_the_key(alike, width):
    """From 8 characters to 35: an id has 36, and a few are alike by chance."""
    ids = {pair: "0" * alike + f"{n}" * (40 - alike) for n, pair in enumerate([KeyPair.COPY, KeyPair.SPACED], 1)}
    said = (
        f"{width} or fewer characters; of ids that begin alike it books one"
        if width
        else "1 of 2 events that differ in everything are not booked"
    )
    assert str(by_ids(ids, KeyPair.COPY)).endswith(said)


COPY, SPACED, MOMENT, CONTENT = KeyPair.COPY, KeyPair.SPACED, KeyPair.MOMENT, KeyPair.CONTENT


@pytest.mark.parametrize(
    ("ids", "booked"),
    [
        ({COPY: "0000000000-1", SPACED: "0000000000-2", MOMENT: "0000000000-3"}, [COPY, SPACED]),  # two begin alike
        ({COPY: "0000000000-1", SPACED: "0000000000-2", MOMENT: "1111111111-3"}, [COPY]),  # one begins otherwise
        ({COPY: "0000000000-1", SPACED: "1111111111-2", KeyPair.CASE: "2222222222-3"}, [COPY, SPACED]),
    ],
)
def test_what_is_missing_must_begin_as_what_is_booked(ids, booked):
    """All of it, and of those that begin alike one is booked; what is spelt otherwise on purpose proves nothing."""
    missing = len(ids) - len(booked)
    assert f"unknown: {missing} of 3 events that differ in everything are not booked" == str(by_ids(ids, *booked))


def test_ids_that_are_spelt_otherwise_need_not_begin_alike():
    """They are left out, as is the event of another webhook."""
    ids = {COPY: "0000000000-1", SPACED: "0000000000-2"}
    others = {KeyPair.CASE: "AAAAAAAAAA-3", KeyPair.DASHES: "BBBBBBBBBB-4", KeyPair.WEBHOOK: "CCCCCCCCCC-5"}
    for pair, other in others.items():
        assert "books by a part of the event id" == by_ids({**ids, pair: other}, COPY).short


def test_two_events_of_one_webhook_are_not_booked_by_webhook():
    """It books another one too."""
    others = set(KeyPair) - {KeyPair.COPY, KeyPair.SPACED, KeyPair.VERSION}
    assert not seen(pairs(), KeyPair.WEBHOOK, without=others).is_known


@pytest.mark.parametrize(
    ("found", "is_too_coarse"),
    [
        (Fingerprint("books by time: two events of one moment are booked once"), True),
        (by_ids({COPY: "0000000000-1", SPACED: "0000000000-2"}, COPY), True),
        (seen(pairs(), KeyPair.WEBHOOK, without=set(KeyPair) - {KeyPair.COPY, KeyPair.VERSION}), True),
        (Fingerprint("books by something other than the saleId: two sales are one"), True),
        (Fingerprint("books by something else than the event id: the same bytes under two ids are booked once"), False),
        (seen(pairs(), *TWO_IDS), False),
        (seen(pairs(), KeyPair.MOMENT, KeyPair.ALIKE), False),  # the entity
        (Fingerprint(), False),
    ],
)
def test_a_key_is_too_coarse_if_events_that_have_nothing_in_common_are_one_to_it(found, is_too_coarse):
    assert is_too_coarse == found.is_too_coarse


def test_the_event_id_alone_is_the_usual_key():
    assert seen(pairs(), *TWO_IDS).is_usual
    assert not seen(pairs(), KeyPair.MOMENT, KeyPair.ALIKE).is_usual
    assert not Fingerprint().is_usual


def test_a_key_that_is_not_the_events_id_may_take_two_events_for_one():
    """Without a key no two events are one; with the id for a key they are where versions of a customer are."""
    no_key = seen(pairs(), *set(KeyPair) - {KeyPair.CONTROL})
    by_id, by_entity = seen(pairs(), *TWO_IDS), seen(pairs(), KeyPair.MOMENT, KeyPair.ALIKE)
    assert [False, True, True] == [each.knows_repeats for each in (no_key, by_id, by_entity)]
    assert [False, False, True] == [each.merges_events for each in (no_key, by_id, by_entity)]
    assert seen(pairs(), *set(TWO_IDS) - {KeyPair.VERSION}).merges_events
    assert Fingerprint("books by body: the same bytes under two ids are booked once").merges_events


def test_a_memory_explains_a_finding_only_if_it_has_ended():
    by_id = seen(pairs(), *TWO_IDS)
    assert by_id.sentence == by_id.with_memory("remembers an event for at least 9 s").telling
    assert f"{by_id.sentence}; has forgotten an event after 9 s" == (
        by_id.with_memory("has forgotten an event after 9 s").telling
    )


@pytest.mark.parametrize(
    ("one", "other", "part"),
    [
        ("000000000000-1", "1000000000-2", "13 or fewer"),  # of those booked, no two have a character in common
        ("000000000000-1", "0100000000-2", "2 to 13"),
        ("000000000000-1", "0000000-2", "8 to 13"),
    ],
)
def test_two_that_are_booked_differ_within_the_part_that_is_the_key(one, other, part):
    ids = {COPY: one, SPACED: "000000000000-3", MOMENT: other}
    assert f"by its first {part} characters" in str(by_ids(ids, COPY, MOMENT))
