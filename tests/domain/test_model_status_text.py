"""The phrases of a log, as the vendor writes them."""

from http import HTTPStatus

import pytest

from frontsim.domain.model import StatusText, of_status


@pytest.mark.parametrize(
    ("code", "phrase"),
    [(200, "OK"), (404, "Not found"), (500, "Internal server error"), (418, "Status 418"), (999, "Status 999")],
)
def test_the_phrase_of_a_status(code: int, phrase: str) -> None:
    """OK and `Not found` are seen at the vendor; a code without a standard reason is told as its number."""
    assert phrase == of_status(code)


def test_every_standard_status_has_a_phrase_in_sentence_case() -> None:
    """Each registered final status has a phrase whose words after the first are small, but for initials."""
    for status in HTTPStatus:
        if status >= 200 and status is not HTTPStatus.IM_A_TEAPOT:
            phrase = of_status(status)
            assert not phrase.startswith("Status"), status
            assert all(word == word.lower() or word in {"URI", "HTTP"} for word in phrase.split()[1:] if word != "used")


def test_phrases_of_no_answer_are_not_those_of_an_answer() -> None:
    """A log reader can tell by the text alone whether there was an answer."""
    answered = {of_status(code) for code in range(100, 600)}
    assert answered.isdisjoint(text.value for text in StatusText)
