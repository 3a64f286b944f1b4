import orjson

from frontsim.payloads.world.seeded_draws import COLUMN_TEXTS, COMMENTS, FREE_TEXTS


def test_most_comments_are_not_written() -> None:
    """Null in 173 of 256, empty in one."""
    assert (256, 173, 1) == (len(COMMENTS), COMMENTS.count(None), COMMENTS.count(""))


def test_columns_of_usual_lengths_are_too_short() -> None:
    """By one character, which is no space: what a database cuts is seen."""
    assert [31, 51, 101, 256] == [len(text) for text in COLUMN_TEXTS]
    assert all(text == "".join(text.split()) for text in COLUMN_TEXTS)


def test_every_text_survives_json() -> None:
    """They are hard to store, but valid JSON text."""
    for text in FREE_TEXTS:
        assert text == orjson.loads(orjson.dumps(text))
    assert len(FREE_TEXTS) == len(set(FREE_TEXTS))
