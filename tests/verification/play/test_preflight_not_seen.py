import pytest

from frontsim.verification.effects.history import Entity, EventFact
from frontsim.verification.effects.observers import FunctionObserver, ObserverFailed
from frontsim.verification.effects.settle import EffectReader
from frontsim.verification.play.preflight import sent_in_words, shown_instead

SALE = EventFact("w", "e1", "SaleCreated", (), entity=Entity("saleId", "7"))
RETURN = EventFact("w", "e2", "ReturnCreated", ())


@pytest.mark.parametrize(
    ("facts", "wanted"),
    [
        ([SALE], "a clean SaleCreated was"),
        ([SALE, SALE], "a clean SaleCreated was"),
        ([SALE, RETURN], "a clean SaleCreated and ReturnCreated were"),
    ],
)
def test_what_was_sent(facts, wanted):
    assert wanted == sent_in_words(facts)


@pytest.mark.parametrize(
    ("shown", "key", "told"),
    [
        ([], "webhookEventId", "it shows no effects at all (looked for webhookEventId e1)"),
        ([{"a": 1}], "webhookEventId", "the last with the fields a; looked for webhookEventId e1 (--observe-key)"),
        ([{"a": 1}], "business", "the last with the fields a; looked for saleId 7 (--observe-key)"),
        ([{"webhookEventId": "e0"}], "webhookEventId", "the last with webhookEventId e0; looked for webhookEventId e1"),
    ],
)
def test_what_the_observer_shows_instead(shown, key, told):
    """So a wrong key is seen at once."""
    effects = EffectReader(FunctionObserver(lambda: shown), key, pause=lambda _: None)
    assert told in shown_instead(effects, SALE)


def test_an_observer_that_fails_says_why():
    def fails():
        raise ObserverFailed("down")

    effects = EffectReader(FunctionObserver(fails), "webhookEventId", pause=lambda _: None)
    assert "down" in shown_instead(effects, SALE)
