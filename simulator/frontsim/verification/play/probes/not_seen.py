"""What to say about clean events that the observer does not show: what was sent, and what it shows instead."""

from collections.abc import Sequence

from frontsim.verification.facts.correlate import BUSINESS
from frontsim.verification.facts.history import EventFact
from frontsim.verification.observe.effect_reader import EffectReader
from frontsim.verification.observe.observers import ObserverFailed


def sent_in_words(facts: Sequence[EventFact]) -> str:
    """What was sent, as the subject of a sentence."""
    names = list(dict.fromkeys(fact.event for fact in facts))
    listed = f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
    return f"a clean {listed} {'was' if len(facts) == 1 else 'were'}"


def shown_instead(effects: EffectReader, fact: EventFact) -> str:
    """What the observer does show, so that the user finds a wrong key at once."""
    wanted = f"{effects.key} {fact.webhook_event_id}"
    if effects.key == BUSINESS and fact.entity:
        wanted = f"{fact.entity.path} {fact.entity.value}"
    try:
        now = effects.read_all()
    except ObserverFailed as error:
        return str(error)
    if not now:
        return f"it shows no effects at all (looked for {wanted})"
    last = now[-1].value
    if now[-1].key is not None and effects.key != BUSINESS:
        return (
            f"it shows {len(now)} effects, the last with {effects.key} {now[-1].key}; looked for {wanted}: does the "
            "receiver take new events for repeats?"
        )
    shape = f"the fields {', '.join(sorted(map(str, last)))}" if isinstance(last, dict) else f"{last!r}"
    return f"it shows {len(now)} effects, the last with {shape}; looked for {wanted} (--observe-key)"
