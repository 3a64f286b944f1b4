"""A simulator that others can reach says so, if it has no token."""

import pytest

from frontsim.cli.commands import programs
from frontsim.cli.main import frontsim

WARNS = "may read and change all of the simulator: give it a --token"


@pytest.fixture
def served(monkeypatch, tmp_path):
    """Record what would be served, instead of serving it."""
    found = []
    monkeypatch.chdir(tmp_path)

    def serve(settings, ready, _):
        found.append(settings)
        ready("http://[::]:8400")

    monkeypatch.setattr(programs, "serve_until_stopped", serve)
    return found


def run(*words):
    with pytest.raises(SystemExit) as ended:
        frontsim.main(["serve", *words], prog_name="frontsim")
    return ended.value.code


@pytest.mark.parametrize(
    ("words", "warns"),
    [
        (("--host", "0.0.0.0"), True),
        (("--host", "::"), True),
        (("--host", "0.0.0.0", "--token", "t"), False),
        (("--host", "127.0.0.1"), False),
    ],
)
def test_who_listens_for_others_without_a_token_is_warned(served, capsys, words, warns):
    """In one line."""
    assert 0 == run(*words)
    assert (1, int(warns)) == (len(served), capsys.readouterr().err.count(WARNS))


def test_the_image_asks_for_a_token(served, capsys, monkeypatch):
    """By a variable; a command that serves none needs none."""
    monkeypatch.setenv("FRONTSIM_ASK_FOR_TOKEN", "1")
    assert 3 == run("--host", "0.0.0.0")
    assert "set FRONTSIM_TOKEN, or FRONTSIM_ASK_FOR_TOKEN to 0" in capsys.readouterr().err
    monkeypatch.setenv("FRONTSIM_ASK_FOR_TOKEN", "0")
    assert (0, 1) == (run("--host", "0.0.0.0"), len(served))
