"""The error tree."""

import re

from frontsim import errors
from frontsim.errors import BadInput, FrontsimError


def tree(kind: type[FrontsimError]) -> list[str]:
    """Names of the errors of this module, from the root down; other modules have trees of their own."""
    ours = [child for child in kind.__subclasses__() if child.__module__ == errors.__name__]
    return [kind.__name__, *(name for child in ours for name in tree(child))]


def test_the_tree_as_it_is_drawn():
    """The module's docstring draws every error, in the order of the tree."""
    assert errors.__doc__ is not None
    drawn = errors.__doc__.partition("How each")[0]
    assert tree(FrontsimError) == re.findall(r"^    [ │├└─]*([A-Z]\w+)", drawn, re.MULTILINE)


def test_fields_of_bad_input():
    """By field, as lists of texts; none is an empty mapping."""
    assert ({}, "why") == (BadInput("why").fields, str(BadInput("why")))
    assert {"url": ["a", "b"], "": ["c"]} == BadInput("why", {"url": ("a", "b"), "": ["c"]}).fields


def test_busy_says_when_to_come_back():
    """In whole seconds."""
    assert 3 == errors.Busy("full", retry_after_s=3).retry_after_s


def test_no_error_controls_a_terminal():
    """An API, a receiver or a file may have written a part of the text; its lines stay lines."""
    assert "a\\x1b[2Jb\\x9b\\r\\u202e\nø\t." == str(FrontsimError("a\x1b[2Jb\x9b\r\u202e\nø\t."))
