"""Whatever form a right receiver keeps content in, one small change of its effects is seen, and their order is not."""

import copy
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from frontsim.verdicts import Verdict
from frontsim.verification.effects import content
from frontsim.verification.effects.history import Effect
from frontsim.verification.judge.checks import judge
from tests.verification.judge.evasion import RIGHT, events, history, kept, shifted
from tests.verification.judge.histories import CONTRACT

NAMED = {
    "sold": "saleDateTime",
    "amount": "total",
    "moved": "quantity",
    "person": "lastName",
    "written": "createdDateTime",
}
ZONES = {name for name in RIGHT if name.startswith("times ")}


@st.composite
def right_effects(draw):
    """Effects of a right receiver: a copy in some forms of the closed list, or named columns, or both; in any order."""
    forms = draw(st.lists(st.sampled_from(sorted({*RIGHT} - ZONES - {"as JSON"})), max_size=3, unique=True))
    forms += draw(st.sampled_from([[], *([each] for each in sorted(ZONES))]))
    forms.sort(key=lambda form: form.startswith("flags"))  # last, because 0.0000000001 is no flag
    has_copy = draw(st.booleans())
    has_columns = draw(st.booleans()) or not has_copy
    effects = []
    for event in events():
        shown = copy.deepcopy(event.payload)
        for form in forms:
            shown = RIGHT[form](shown)
        found = {column: content.at(shown, path) for column, path in NAMED.items() if content.at(event.payload, path)}
        columns = (
            {column: None if value is content.ABSENT else value for column, value in found.items()}
            if has_columns
            else {}
        )
        copied = {"payload": RIGHT["as JSON"](shown) if draw(st.booleans()) else shown} if has_copy else {}
        effects.append(kept(event, **columns, **copied))
    return draw(st.permutations(effects))


def verdict_on(effects):
    return judge(history(effects, column_map=NAMED), CONTRACT)


@given(right_effects())
@settings(max_examples=25)
def test_a_right_receiver_is_verified_in_any_form_and_order(effects):
    found = verdict_on(effects)
    assert (Verdict.VERIFIED, ()) == (found.verdict, found.findings)


@given(right_effects(), st.data())
@settings(max_examples=300)
def test_one_small_change_is_seen(effects, data):
    """An effect dropped, copied under another key, with a value nulled, a time shifted; two swapped, or made one."""
    effects = [Effect(each.key, copy.deepcopy(each.value)) for each in effects]
    change = data.draw(st.sampled_from([drop, copy_again, null_a_value, shift_a_time, swap, merge]))
    changed = change(effects, data)
    assert Verdict.VERIFIED is not verdict_on(changed).verdict, change.__name__


def drop(effects, data):
    effects.pop(data.draw(st.integers(0, len(effects) - 1)))
    return effects


def copy_again(effects, data):
    """Under no key, a key made of the event's, or one of its own; the identity still shows whose it is."""
    one = data.draw(st.sampled_from(effects))
    key = data.draw(st.sampled_from([None, f"{one.key}-1", "0192a4be-1111-7222-8333-444455556666"]))
    event = next(each for each in events() if each.webhook_event_id == one.key)
    row = {**one.value, "webhookEventId": key, event.entity.path: event.entity.value}
    return [*effects, Effect(key, row)]


def null_a_value(effects, data):
    places = [place for each in effects for place in values_of(each) if not content.is_nothing(place[0][place[1]])]
    holder, name = data.draw(st.sampled_from(places))
    holder[name] = None
    return effects


def shift_a_time(effects, data):
    """In a field of which other events show that its zone is another one."""
    names = {"saleDateTime", "createdDateTime", "sold", "written"}
    holders = [
        each for effect in effects for each in (row_of(effect), effect.value.get("payload")) if isinstance(each, dict)
    ]
    places = [(holder, name) for holder in holders for name in holder.keys() & names if holder[name]]
    holder, name = data.draw(st.sampled_from(places))
    by = data.draw(
        st.sampled_from([timedelta(hours=1), timedelta(days=1), timedelta(minutes=7), timedelta(seconds=-2)])
    )
    holder[name] = shifted(holder[name], by)
    return effects


def swap(effects, data):
    """The contents of two events of one type, each under the other's key."""
    type_ = data.draw(st.sampled_from(sorted({each.event for each in events()})))
    ids = [each.webhook_event_id for each in events() if each.event == type_]
    one, other = data.draw(st.permutations([each for each in effects if each.key in ids]))[:2]
    left = [each for each in effects if each not in (one, other)]
    return [
        *left,
        *(Effect(a.key, {**b.value, "webhookEventId": a.key}) for a, b in ((one, other), (other, one))),
    ]


def merge(effects, data):
    """Two events become one effect that has the fields of both."""
    one, other = data.draw(st.permutations(effects))[:2]
    left = [each for each in effects if each not in (one, other)]
    return [*left, Effect(one.key, {**other.value, **one.value})]


def row_of(effect):
    """The effect's columns, with its copy as an object."""
    if "payload" in effect.value:
        effect.value["payload"] = content.parsed(effect.value["payload"])
    return effect.value


def values_of(effect):
    """Where single values stand in an effect: the holder, and the name or position in it."""
    row = row_of(effect)
    yield from ((row, name) for name in row if name in NAMED)
    yield from _inside(row.get("payload"))


def _inside(value):
    places = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in places:
        if isinstance(inner, dict | list):
            yield from _inside(inner)
        else:
            yield value, name
