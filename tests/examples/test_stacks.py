"""The receivers of docs/examples on real databases: verify finds the right ones right, and each naive one's bug.

A test runs the lines of the example's own ci.yml, so that what the docs offer for copying works as it stands.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest

from docs.generate.examples import EXAMPLES
from tests.docs.pages import ci_job
from tests.examples import databases
from tests.support.forked import path_with_frontsim
from tests.support.ports import free_port

pytestmark = pytest.mark.long

HANGS_AFTER_S = 300  # not a measure of speed
RIGHT_SCENARIOS = ("lost-response", "duplicate-race", "crash-mid-request")


@dataclass(frozen=True)
class Stack:
    """An example: what it takes beside its database, what builds it, and how the naive receiver is found out.

    Both run in a copy of the folder: `has`, whose failure skips the test, and `build`, whose failure is the example's.
    """

    database: str
    programs: tuple[str, ...]
    naive_scenarios: tuple[str, ...]
    naive_class: str
    has: str = "true"
    build: str = "true"


JDBC = "/usr/share/java/postgresql.jar"
LITTLE_COMPILATION = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
"""A Java process of seconds spends most of its processor time on compiling itself."""
GOPATH = "/usr/share/gocode"
GO = f"GO111MODULE=off GOPATH={GOPATH} go build"
STACKS = {
    "python": Stack("postgresql", ("uvicorn", "psql"), ("duplicate-race",), "duplicated"),
    "node": Stack(
        "postgresql", ("node", "npm", "psql"), ("lost-response", "duplicate-race"), "duplicated",
        has="npm install --silent --prefer-offline --no-audit --no-fund",
    ),
    "php": Stack("mariadb", ("php", "mariadb"), ("duplicate-race",), "duplicated", has="php -m | grep pdo_mysql"),
    "java": Stack(
        "postgresql", ("javac", "java", "psql"), ("crash-after-ack",), "lost-after-ack",
        has=f"ls {JDBC}", build="javac Right.java Naive.java",
    ),
    "go": Stack(
        "postgresql", ("go", "psql"), ("restart-then-resend",), "duplicated",
        has=f"ls {GOPATH}/src/github.com/lib/pq", build=f"{GO} right.go && {GO} naive.go",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class BuiltStack:
    """A copy of an example that is ready to start, and the server of its database."""

    name: str
    folder: Path
    path: str
    server: Mapping[str, str]


@pytest.fixture(scope="module")
def postgresql() -> Iterator[Mapping[str, str]]:
    with databases.postgresql() as variables:
        yield variables


@pytest.fixture(scope="module")
def mariadb() -> Iterator[Mapping[str, str]]:
    with databases.mariadb() as variables:
        yield variables


@pytest.fixture(scope="module", params=STACKS)  # of the module: pytest plays what shares it together
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> BuiltStack:
    name: str = request.param
    folder = built(name, tmp_path_factory.mktemp(name))
    path = path_with_frontsim(folder / "bin")
    return BuiltStack(name, folder, path, request.getfixturevalue(STACKS[name].database))


def test_the_right_receiver_is_verified(stack: BuiltStack) -> None:
    verdict = verified(stack, "right", RIGHT_SCENARIOS)
    assert "verified" == verdict["verdict"], verdict
    assert ["verified"] * len(RIGHT_SCENARIOS) == [each["verdict"] for each in verdict["scenarios"]]


def test_the_right_receiver_takes_every_type(stack: BuiltStack) -> None:
    """It notes also what it does not book, tolerates what is new, refuses broken bodies, and takes large ones."""
    verdict = verified(stack, "right", ["evolution", "malformed", "big-payload"], every_type=True)
    assert "verified" == verdict["verdict"], verdict


def test_the_naive_receiver_is_violated(stack: BuiltStack) -> None:
    """And the class of its findings is that of its bug."""
    verdict = verified(stack, "naive", STACKS[stack.name].naive_scenarios)
    assert "violated" == verdict["verdict"], verdict
    assert {STACKS[stack.name].naive_class} == {each["class"] for each in verdict["causes"]}
    assert {"violated"} == {each["verdict"] for each in verdict["scenarios"]}


def verified(stack: BuiltStack, receiver: str, scenarios: Sequence[str], *, every_type: bool = False) -> dict[str, Any]:
    """Run verify on a receiver with a database of its own, as the last line of the CI job asks it.

    With `every_type` the effects are what it notes, because it books sales alone.
    """
    name, folder = stack.name, stack.folder
    port = str(free_port())
    environment = variables_of(stack, f"{name}_{receiver}{'_all' * every_type}") | {"PORT": port}
    *_, schema, verify = ci_job(folder)
    done = run(schema, folder, environment)
    assert 0 == done.returncode, done.stderr
    verify = verify.replace("8500", port).replace("right", receiver).replace("Right", receiver.capitalize())
    if every_type:
        verify = verify.replace("--events SaleCreated", "").replace("FROM sales", "FROM events")
    played = " ".join(f"--scenario {each}" for each in scenarios)
    done = run(f"{verify} {played} --seed 7 --json verdict.json", folder, environment)
    assert done.returncode in (0, 1, 2), done.stdout + done.stderr
    verdict: dict[str, Any] = orjson.loads((folder / "verdict.json").read_bytes())
    return verdict


def variables_of(stack: BuiltStack, database: str) -> dict[str, str]:
    """The environment of the CI job, for a database that was just made."""
    ours = {key: value for key, value in os.environ.items() if not key.startswith(("FRONTSIM_", "GITHUB_"))}
    ours |= {"PATH": stack.path, "JAVA_TOOL_OPTIONS": LITTLE_COMPILATION}
    return ours | databases.created(STACKS[stack.name].database, database, stack.server)


def built(name: str, parent: Path) -> Path:
    """A copy of the example that is ready to start; skips the test if something that it needs is missing."""
    stack = STACKS[name]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    if missing := [each for each in stack.programs if shutil.which(each, path=path) is None]:
        pytest.skip(f"not installed: {', '.join(missing)}")
    folder = Path(shutil.copytree(EXAMPLES / name, parent / name))
    shutil.copy(EXAMPLES / "schema.sql", folder)
    done = run(stack.has, folder, os.environ)
    if done.returncode != 0:
        pytest.skip(f"failed: {stack.has}: {(done.stdout + done.stderr)[-300:]}")
    done = run(stack.build, folder, os.environ)
    assert 0 == done.returncode, done.stderr
    return folder


def run(command: str, folder: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    bash = shutil.which("bash")
    assert bash is not None
    return subprocess.run(
        [bash, "-c", command], cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=HANGS_AFTER_S, check=False,
    )  # fmt: skip
