"""Values written on the command line."""

import click
import pytest

from frontsim.cli.options import assignments

CONTEXT, OPTION = click.Context(click.Command("any")), click.Option(["--set"])


def test_what_cannot_be_read_is_wrong_usage():
    """The message names the option."""
    assert {"a": 1} == assignments(CONTEXT, OPTION, ("a=1",))
    with pytest.raises(click.BadParameter, match="expected each name once, got 'a' twice") as raised:
        assignments(CONTEXT, OPTION, ("a=1", " a =2"))
    assert "--set" in raised.value.format_message()
