import orjson

from frontsim.payloads.values.texts import COMMENTS, FREE_TEXTS


def test_most_comments_are_not_written() -> None:
    """Null in 173 of 256, empty in one."""
    assert (256, 173, 1) == (len(COMMENTS), COMMENTS.count(None), COMMENTS.count(""))


def test_every_text_survives_json() -> None:
    """They are hard to store, but valid JSON text."""
    for text in FREE_TEXTS:
        assert text == orjson.loads(orjson.dumps(text))
    assert len(FREE_TEXTS) == len(set(FREE_TEXTS))
