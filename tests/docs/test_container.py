"""Dockerfile, compose.yaml, action.yml and GitLab's include use options that exist; the image serves without rights."""

import json
import os
import re
import subprocess
import sys
import textwrap
import tomllib
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from packaging.requirements import Requirement

from frontsim.cli.main import frontsim
from tests.docs.pages import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE = (ROOT / "compose.yaml").read_text()
ACTION = (ROOT / "action.yml").read_text()
GITLAB = ROOT / ".gitlab" / "verify.yml"


def parse(words: list[str]) -> click.Context:
    """Parse a command line; wrong options raise."""
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


def test_the_image_is_made_of_what_the_lock_names() -> None:
    """Each dependency in one version that we ask for, with hashes; the lock names no index, which is the machine's."""
    lock = (ROOT / "requirements.lock").read_text()
    pinned = dict(re.findall(r"^([\w-]+)==(\S+)(?: ; .*)? \\\n    --hash=sha256:[0-9a-f]{64}", lock, re.MULTILINE))
    assert len(re.findall(r"^\w", lock, re.MULTILINE)) == len(pinned)
    for text in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]:
        needed = Requirement(text)
        assert pinned[needed.name] in needed.specifier
    assert not re.search(r"://|index-url", lock)
    assert "--require-hashes --requirement requirements.lock" in DOCKERFILE


def test_whoever_builds_the_image_says_what_it_is_based_on() -> None:
    """A build argument, and no digest that was not looked up."""
    assert ["ARG BASE=python:3.12-slim"] == re.findall(r"^ARG .*$", DOCKERFILE, re.MULTILINE)
    assert {"FROM ${BASE}"} == {
        line.partition(" AS ")[0] for line in re.findall(r"^FROM .*$", DOCKERFILE, re.MULTILINE)
    }


VERIFY = re.compile(r'verify = "frontsim (verify .*)"\.split\(\)')
HOSTILE = """
--strict
  --observe-sql 'sqlite:///shop.db' "SELECT id AS \\"webhookEventId\\" FROM sales"
--set note='a `touch hacked` # b' $(touch hacked)
--receiver-cmd 'sh -c "echo $HOME; exec python app.py"' ; touch hacked
"""
SPLIT = [
    "--strict",
    *("--observe-sql", "sqlite:///shop.db", 'SELECT id AS "webhookEventId" FROM sales'),
    *("--set", "note=a `touch hacked` # b", "$(touch", "hacked)"),
    *("--receiver-cmd", 'sh -c "echo $HOME; exec python app.py"', ";", "touch", "hacked"),
]


def run_with(arguments: str, command: list[str], folder: Path) -> tuple[int, list[str], str]:
    """The exit code of a job's step, the words with which it called frontsim, and what it said."""
    stub = folder / "frontsim"
    stub.write_text(f"#!{sys.executable}\nimport json, sys\njson.dump(sys.argv[1:], open('words', 'w'))\nsys.exit(2)\n")
    stub.chmod(0o755)
    path = f"{folder}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    environ = {"ARGUMENTS": arguments, "PATH": path}
    done = subprocess.run(command, env=environ, cwd=folder, capture_output=True, text=True)
    assert [] == [each for each in folder.iterdir() if "hacked" in each.name]
    words = json.loads((folder / "words").read_text()) if (folder / "words").exists() else []
    return done.returncode, words, done.stderr


def action_script() -> list[str]:
    (script,) = re.findall(r"shell: python\n.*?run: \|\n(.*?)(?=\n    - )", ACTION, re.DOTALL)
    return [sys.executable, "-c", textwrap.dedent(script)]


def gitlab_script() -> list[str]:
    yaml = pytest.importorskip("yaml")
    _, jobs = yaml.safe_load_all(GITLAB.read_text())
    return ["bash", "-c", jobs["frontsim"]["script"][1]]


@pytest.mark.parametrize("script", [action_script, gitlab_script])
def test_arguments_are_split_as_in_a_shell_and_never_run(script: Callable[[], list[str]], tmp_path: Path) -> None:
    """On several lines, with quotes, and whatever a shell would expand; the exit code is verify's."""
    code, words, _ = run_with(HOSTILE, script(), tmp_path)
    assert (2, SPLIT) == (code, words[words.index("--html") + 2 :])


@pytest.mark.parametrize("script", [action_script, gitlab_script])
def test_an_open_quote_is_refused(script: Callable[[], list[str]], tmp_path: Path) -> None:
    code, words, told = run_with("--strict 'open", script(), tmp_path)
    assert (1, []) == (code, words)
    assert "arguments: expected options quoted as in a shell: No closing quotation" in told


def test_the_action_runs_verify_and_keeps_what_it_writes() -> None:
    (line,) = VERIFY.findall(ACTION)
    params = parse(line.split()).params
    for name in ("junit_file", "html_file"):
        assert ACTION.count(str(params[name])) == 2


def test_the_action_installs_its_own_checkout_unless_it_is_given_another_version() -> None:
    """No package index has frontsim yet."""
    (line,) = re.findall(r"^\s+run: (pip install .*)$", ACTION, re.MULTILINE)
    for wanted, installed in (("", "/action"), ("frontsim==1.2", "frontsim==1.2")):
        environ = {"WANTED": wanted, "GITHUB_ACTION_PATH": "/action"}
        done = subprocess.run(
            ["bash", "-c", f"pip() {{ echo $2; }}; {line}"], env=environ, capture_output=True, text=True
        )
        assert installed == done.stdout.strip()


def test_the_action_lets_no_input_into_its_scripts() -> None:
    """An input that a script contains would be run: inputs go through the environment."""
    assert [] == [
        line for line in re.findall(r"^\s+(?:- )?run: .*(?:\n {8}.*)*", ACTION, re.MULTILINE) if "${{" in line
    ]


def test_gitlabs_include_runs_verify_on_its_inputs() -> None:
    """It has two documents: the inputs, each with a default, and a job that uses all of them. Its script is bash."""
    yaml = pytest.importorskip("yaml")
    spec, jobs = yaml.safe_load_all(GITLAB.read_text())
    inputs = {name: each["default"] for name, each in spec["spec"]["inputs"].items()}
    used = re.findall(r"\$\[\[ inputs\.(\w+) \]\]", GITLAB.read_text())
    assert sorted(inputs) == sorted(used)
    (job,) = jobs.values()
    install, run = job["script"]
    assert 'pip install "$WANTED"' == install
    (line,) = VERIFY.findall(run)
    params = parse(line.split()).params
    assert str(params["junit_file"]) == job["artifacts"]["reports"]["junit"]
    assert [str(params["html_file"])] == job["artifacts"]["paths"]
    assert {"value": "$[[ inputs.arguments ]]", "expand": False} == job["variables"]["ARGUMENTS"]
