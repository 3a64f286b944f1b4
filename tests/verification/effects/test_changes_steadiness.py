"""Records that flip and others that do not, look by look; and runs whose observer does not show all in each look."""

import itertools

import orjson
import pytest

from frontsim.clock import stopwatch
from frontsim.verdicts import Verdict
from frontsim.verification.effects.changes import Steadiness
from frontsim.verification.effects.look import Blocks, row_blocks
from frontsim.verification.patience import YOUNG_S
from tests.verification.laboratory import ending


@pytest.fixture
def after():
    """Describe an observer after looks a second apart, each a text with a letter for each record."""

    def look(*looks, apart_s=2 * YOUNG_S, key="id"):
        steadiness, blocks = Steadiness(key), Blocks()
        for number, shown in enumerate(looks):
            blocks = row_blocks(list(shown), blocks)
            steadiness.note(blocks, now_s=number * apart_s)
        return steadiness

    return look


def test_records_that_flip_in_one_look_of_three_are_not_shown_steadily(after):
    """The reason says how many records it was, and in how many looks."""
    steadiness = after(*["abcde", "abcde", "bcd"] * 6, "abcde")
    assert (steadiness.decide(), steadiness.is_suspect) == (True, True)
    assert steadiness.reason == (
        "the observer showed 2 records, not in the next look, and again later, 6 times in 18 looks while nothing else "
        "changed; it must show all in each look"
    )


def test_other_records_in_each_look_flip_as_well(after):
    """No record is missing twice, but five looks lack one."""
    looks = [["abcde", "abcde".replace(each, "")] for each in "abcde"]
    assert after(*itertools.chain(*looks), "abcde").decide()


def test_a_few_flips_prove_nothing(after):
    """A row that is deleted and inserted anew may be missing from the look that comes between: by chance."""
    steadiness = after(*["abcde", "abcde", "bcde", "abcde", "acde"] * 2, *["abcde"] * 2)
    assert (steadiness.flips(25), steadiness.decide(), steadiness.reason) == (4, False, "")


def test_flips_of_long_ago_do_not_count(after):
    """They are spread over so many looks that each has its own cause."""
    assert not after(*["abcde", "bcde", *["abcde"] * 8] * 10).decide()


def test_a_list_that_is_rebuilt_for_each_new_record_is_right(after):
    """Its looks are empty in between, and each time a new record is there afterwards."""
    looks = itertools.chain(*[("", "abcdefghijklmnop"[: size + 2]) for size in range(10)])
    steadiness = after("a", *looks)
    assert (steadiness.is_suspect, steadiness.flips(25)) == (True, 0)


def test_a_list_that_is_rebuilt_again_and_again_is_right(after):
    """Event after event is booked: no look finds it whole until the last rebuild, which has the new records."""
    parts = ["abc", "abcd", "a", "", "ab", "abcd", "abc"] * 4
    steadiness = after("abcdef", *parts, "abcdefghij", "abcdefghij")
    assert (steadiness.is_suspect, steadiness.flips(25)) == (True, 0)


def test_what_is_seen_before_a_close_look_does_not_count(after):
    steadiness = after(*["abcde", "abcde", "bcd"] * 6, "abcde")
    steadiness.begin()
    assert not steadiness.decide()


def test_a_state_that_replaces_another_and_is_replaced_by_it_is_no_flip(after):
    """A table with one row for each customer shows an older state again when that is resent."""
    assert not after(*["abcd1", "abcd2"] * 10).flips(25)


def test_replicas_that_do_not_all_have_the_newest_records_are_right(after):
    """A record that came less than a moment ago may come and go: asked by turns, one replica has it, the other not."""
    assert not after("abc", *["abcde", "abc"] * 8, apart_s=YOUNG_S / 20).flips(25)
    assert after("abc", *["abcde", "abc"] * 8).flips(25)


def test_a_record_that_was_shown_twice_is_there_once_more(after):
    """A list that is read in pages while it grows repeats a record: it is not gone afterwards."""
    many = [str(number) for number in range(300)]
    steadiness = after(*[[*many, "0"], many] * 8)
    assert (steadiness.is_suspect, steadiness.flips(25)) == (False, 0)


def test_what_was_gone_before_a_kill_is_forgotten(after):
    """A receiver that is killed may show less for a while, and what was found before stands."""
    steadiness = after(*["abcde", "bcde"] * 6)
    steadiness.forget()
    steadiness.note(list("abcde"), now_s=100)
    assert (steadiness.decide(), steadiness.is_suspect) == (False, False)


def test_effects_without_a_key_are_known_by_their_content(after):
    """A row that changes, and changes back, is another in its place; one that is gone, and there again, has flipped."""
    assert after(*["abcde", "bcde"] * 10, key="business").decide()
    assert not after(*["abcde", "abcdX"] * 10, key="business").is_suspect


def test_three_flips_are_enough_when_nothing_is_sent(after):
    """A right receiver shows no record come and go then: one whose looks lack some in turn shows it three times."""
    looks = [*["abcde"] * 9, "bcde"]
    assert after(*looks * 4).decide(is_last=True)
    assert not after(*looks * 3).decide(is_last=True)
    assert not after(*looks * 4).decide()


def every_third(look, effects):
    return effects if look % 3 else [each for place, each in enumerate(effects) if place % 5]


def others_each_time(look, effects):
    return effects if look % 3 else effects[look % 2 :: 2]


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.parametrize("key", ["webhookEventId", "business"])
@pytest.mark.parametrize("shown", [every_third, others_each_time])
def test_a_run_whose_observer_flips_is_unknown(shop, requested, play, shown, key):
    """Every scenario that rests on such an observer is unknown, and none is violated."""
    looks = itertools.count(1)
    shop.shows = lambda: (200, orjson.dumps(shown(next(looks), with_sale_ids(shop))))
    names = "steady", "short-outage", "error-burst"
    request = requested(shop.url, events=["SaleCreated"], observe_key=key)
    assert [(Verdict.UNKNOWN, [])] * 3 == [ending(each) for each in play(request, *names)]


def with_sale_ids(shop):
    found = [each["webhookEventId"] for each in list(shop.effects)]
    return [{"webhookEventId": each, "saleId": orjson.loads(shop.bodies[each])["saleId"]} for each in found]


@pytest.mark.long
@pytest.mark.slow
def test_a_run_whose_receiver_rebuilds_its_list_is_verified(shop, requested, play):
    """The first look after something was booked finds the list empty, each time: the receiver is right."""
    sizes = itertools.pairwise(iter(lambda: len(shop.effects), -1))
    shop.shows = lambda: (200, orjson.dumps([] if len(set(next(sizes))) > 1 else shop.effects))
    played = play(requested(shop.url, events=["SaleCreated"]), "steady", "short-outage", "error-burst")
    assert [(Verdict.VERIFIED, [])] * 3 == list(map(ending, played))


@pytest.mark.long
@pytest.mark.slow
def test_a_run_whose_replicas_lag_is_verified(shop, requested, play):
    """Two replicas are asked by turns, and one is late by a moment: all is there when it has caught up."""
    seen, turns = {}, itertools.cycle([0, 0.3])

    def shown():
        now, late_s = stopwatch(), next(turns)
        return [each for each in shop.effects if seen.setdefault(each["webhookEventId"], now) + late_s <= now]

    shop.shows = lambda: (200, orjson.dumps(shown()))
    played = play(requested(shop.url, events=["SaleCreated"]), "steady", "short-outage", "error-burst")
    assert [(Verdict.VERIFIED, [])] * 3 == list(map(ending, played))
