"""An API's words in an answer that is no 2xx."""

import pytest

from frontsim.client.errors import error_text, excerpt, reason_of, retry_after_s


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{ "statusCode": 404, "message": "Resource not found" }', "Resource not found"),
        (b'{"title":"Bad","detail":"expected a URL,\\n got 1","errors":{"url":["no"]}}', "expected a URL, got 1"),
        (b'{"title":"Invalid.","errors":{"url":["a","b"],"event":"c"}}', "Invalid.; url: a; url: b; event: c"),
        (b'{"detail":7}', '{"detail":7}'),
        (b"[1]", "[1]"),
        (b"<html>\n\n  oops", "<html> oops"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"", ""),
    ],
)
def test_error_bodies(body: bytes, said: str) -> None:
    """The gateway's message, a problem's detail or its errors, or else the body as it begins: on one line."""
    assert said == error_text(body)


def test_a_long_body_is_cut() -> None:
    """Three hundred characters are enough to know a page by."""
    assert "x" * 300 + "..." == excerpt(b"x" * 5000)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "57"}, 57.0),
        ({"Retry-After": " 0 "}, 0.0),
        ({}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-1"}, None),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:30 GMT", "Date": "Wed, 21 Oct 2026 07:28:00 GMT"}, 30.0),
        ({"Retry-After": "Wed, 21 Oct 2026 07:27:00 GMT", "Date": "Wed, 21 Oct 2026 07:28:00 GMT"}, 0.0),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:30 GMT"}, None),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:30 -0000", "Date": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
    ],
)
def test_when_to_come_back(headers: dict[str, str], seconds: float | None) -> None:
    """Retry-After is seconds, or a date measured against the answer's own."""
    assert seconds == retry_after_s(headers)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError("[Errno 111] Connection refused"), "Connection refused"),
        (OSError("[Errno -2] Name or service not known"), "Name or service not known"),
        (ValueError("timed out"), "timed out"),
        (TimeoutError(), "TimeoutError"),
    ],
)
def test_a_reason_without_the_systems_number(error, said):
    assert said == reason_of(error)
