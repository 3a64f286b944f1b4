"""Dockerfile, compose.yaml and action.yml use options that exist, and the image serves without rights."""

import json
import re

import click
import pytest

from frontsim.cli.main import frontsim
from tests.docs.pages import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE = (ROOT / "compose.yaml").read_text()
ACTION = (ROOT / "action.yml").read_text()


def parse(words: list[str]) -> click.Context:
    """What a command line sets; wrong options raise."""
    command = frontsim.get_command(click.Context(frontsim), words[0])
    assert command is not None
    return command.make_context(words[0], list(words[1:]))


@pytest.mark.parametrize("line", re.findall(r"^\s*(?:CMD|command:) (\[.*\])$", DOCKERFILE + COMPOSE, re.MULTILINE))
def test_every_command_serves_the_outside_and_keeps_its_data(line: str) -> None:
    """On all addresses, with the log in the volume."""
    params = parse(json.loads(line)).params
    assert "0.0.0.0" == params["host"]
    assert "/data/" in str(next(value for name, value in params.items() if name in ("db", "file")))


def test_the_image_has_a_user_without_rights_and_a_health_check() -> None:
    instructions = re.findall(r"^([A-Z]+) (.*)$", DOCKERFILE, re.MULTILINE)
    assert ["frontsim"] == [words for name, words in instructions if name == "USER"]
    (check,) = [json.loads(words.partition("CMD ")[2]) for name, words in instructions if name == "HEALTHCHECK"]
    assert "frontsim" == check[0]
    parse(check[1:])
    assert ["frontsim"] == json.loads(dict(instructions)["ENTRYPOINT"])


def test_the_action_runs_verify_and_keeps_what_it_writes() -> None:
    (line,) = re.findall(r"^\s+frontsim (verify .*) \"\$\{words\[@\]\}\"$", ACTION, re.MULTILINE)
    params = parse(line.split()).params
    for name in ("junit_file", "html_file"):
        assert ACTION.count(str(params[name])) == 2


def test_the_action_lets_no_input_into_its_scripts() -> None:
    """An input that a script contains would be run: inputs go through the environment."""
    assert [] == [
        line for line in re.findall(r"^\s+(?:- )?run: .*(?:\n {8}.*)*", ACTION, re.MULTILINE) if "${{" in line
    ]
