"""The examples of every `--help`: there, short enough, and taken by the commands that they show."""

import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from docs.generate.commands import walk
from frontsim.cli.main import EXAMPLES, frontsim

FILES = {"sale.json": '{"total": 100}'}


def calls(example: str) -> Iterator[list[str]]:
    """Yield the words that an example passes to frontsim, call by call, without programs behind a pipe."""
    lexer = shlex.shlex(example.replace("\\\n", " ").replace("\n", " && "), posix=True, punctuation_chars="|&<>")
    lexer.whitespace_split = True
    call: list[str] = []
    words = [*lexer, "&&"]
    for place, word in enumerate(words):
        if word in ("|", "&&"):
            if call and call[0] == "frontsim":
                yield call[1:]
            call = []
        elif word != ">" and words[place - 1] != ">":
            call.append(word)


def test_every_command_has_some() -> None:
    """And no other has."""
    assert {"", *(name.removeprefix("frontsim ") for name, _ in walk(frontsim, "frontsim"))} == EXAMPLES.keys()


@pytest.mark.parametrize("name", EXAMPLES)
def test_help_shows_them(name: str) -> None:
    """Line by line as they are declared, within 80 columns."""
    shown = CliRunner(env={"COLUMNS": "80"}).invoke(frontsim, [*name.split(), "--help"]).output
    lines = [line for example in EXAMPLES[name] for line in example.splitlines()]
    assert "\n  Examples:\n" + "".join(f"    {line}\n" for line in lines) in shown
    assert [] == [line for line in shown.splitlines() if len(line) > 80]


@pytest.mark.parametrize(("name", "example"), [(name, each) for name in EXAMPLES for each in EXAMPLES[name]])
def test_the_command_takes_them(name: str, example: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every call, with the real options; one of them is of the command itself."""
    monkeypatch.chdir(tmp_path)
    for file, text in FILES.items():
        (tmp_path / file).write_text(text)
    led_to: list[str] = []
    for words in calls(example):
        contexts = [frontsim.make_context("frontsim", words)]
        while isinstance(group := contexts[-1].command, click.Group):
            rest = [*contexts[-1]._protected_args, *contexts[-1].args]
            word, command, rest = group.resolve_command(contexts[-1], rest)
            assert command is not None
            contexts.append(command.make_context(word, rest, parent=contexts[-1]))
        led_to.append(" ".join(str(each.info_name) for each in contexts[1:]))
        for each in contexts:
            each.close()
    assert any(each == name or each.startswith(f"{name} ") or not name or name == "job" for each in led_to), led_to
