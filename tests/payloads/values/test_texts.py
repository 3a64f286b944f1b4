import orjson

from frontsim.payloads.values.texts import COMMENTS, WRITTEN


def test_most_comments_are_not_written() -> None:
    """Null in 45 of 64, empty in one."""
    assert (64, 45, 1) == (len(COMMENTS), COMMENTS.count(None), COMMENTS.count(""))


def test_every_text_survives_json() -> None:
    """They are hard to store, but valid JSON text."""
    for text in WRITTEN:
        assert text == orjson.loads(orjson.dumps(text))
    assert len(WRITTEN) == len(set(WRITTEN))
