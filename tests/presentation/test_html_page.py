"""A page escapes what it is given, and its policy lets only its own style and script run."""

import base64
import hashlib
import re
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from frontsim.presentation.html_page import render

SCRIPT = "document.title = 'ran'"


@pytest.fixture
def template(tmp_path: Path) -> Path:
    path = tmp_path / "page.html.jinja"
    path.write_text('<meta content="{{ policy }}"><style>{{ style|safe }}</style><p>{{ said }}</p>')
    return path


def sha256(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_what_a_receiver_says_is_text(template: Path) -> None:
    page = render(template, said="<script>alert('1')</script>")
    assert "<script>" not in page
    assert "&lt;script&gt;alert(&#39;1&#39;)" in page


def test_the_policy_names_the_one_style_and_the_one_script(template: Path) -> None:
    """By their hashes, of exactly the bytes that are in the page; everything else is forbidden."""
    page = render(template, script=SCRIPT, said="")
    style = re.search("<style>(.*)</style>", page, re.DOTALL)
    assert style is not None
    policy = page.partition('content="')[2].partition('"')[0].replace("&#39;", "'")
    assert (
        f"default-src 'none'; style-src {sha256(style[1])}; script-src {sha256(SCRIPT)}; base-uri 'none'; "
        "form-action 'none'"
    ) == policy


def test_a_value_that_is_missing_is_an_error(template: Path) -> None:
    """Not an empty place in a report."""
    with pytest.raises(UndefinedError, match="said"):
        render(template)
