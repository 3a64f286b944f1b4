"""Receivers on real databases and brokers: the right ones are verified, and each wrong one is found with its classes.

receivers.toml lists them. SEEDS says with how many seeds (1). What is not installed is skipped, with the
reason.
"""

import os
import shlex
import sqlite3
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from frontsim.verdicts import Verdict
from frontsim.verification.dependency.breakage import DependencyAddress
from frontsim.verification.patience import TimeLimits
from frontsim.verification.request import Request
from tests.examples import databases
from tests.stacks import brokers, relational
from tests.support.ports import free_port
from tests.verification.laboratory import play

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
SEEDS = range(1, 1 + int(os.environ.get("SEEDS", "1")))
LIMITS = TimeLimits(settle_s=0.3, last_s=4.0)
EVERYWHERE = [
    "dependency-down",
    "dependency-away",
    "dependency-slow",
    "dependency-lost-commit",
    "crash-between-statements",
]


@dataclass(frozen=True)
class StackCase:
    """A receiver of receivers.toml on one stack."""

    stack: str
    name: str
    classes: frozenset[str]
    scenarios: Sequence[str]
    effects: str
    events: Sequence[str]
    state: str

    @property
    def server(self) -> str:
        """The server that must run for it."""
        return self.stack.removesuffix("-tls")

    def __str__(self) -> str:
        return f"{self.stack}-{self.name}"


def group(case: StackCase, number: int) -> str:
    """One worker of xdist plays all of a server, so that it is started once; half of the many of PostgreSQL."""
    return f"{case.server}-{number % 2}" if case.server == "postgresql" else case.server


def cases() -> list[StackCase]:
    """All receivers, on each of their stacks."""
    listed = tomllib.loads((Path(__file__).parent / "receivers.toml").read_text())["receiver"]
    return [
        StackCase(
            stack,
            each["name"],
            frozenset(each.get("classes", ())),
            each.get("found_by", EVERYWHERE),
            each.get("effects", "sales"),
            each.get("events", ["SaleCreated"]),
            each.get("state", ""),
        )
        for each in listed
        for stack in each["stacks"]
        if stack != "nginx"
    ]


CASES = [pytest.param(each, id=str(each), marks=pytest.mark.xdist_group(each.stack)) for each in cases()]
"""One worker plays all of a stack, so that its server is started once."""


@dataclass(frozen=True)
class RunningReceiver:
    """A dependency that runs: where, how effects are read from it, and what a receiver needs beside."""

    port: int
    effects: Callable[[str], Sequence[Any]]
    environment: Mapping[str, str]


@pytest.fixture(scope="module")
def postgresql_server() -> Iterator[Mapping[str, str]]:
    with databases.postgresql() as variables:
        yield variables


@pytest.fixture(scope="module")
def mariadb_server() -> Iterator[Mapping[str, str]]:
    with databases.mariadb() as variables:
        yield variables


@pytest.fixture(scope="module")
def redis_port() -> Iterator[int]:
    with brokers.redis() as port:
        yield port


@pytest.fixture(scope="module")
def rabbitmq_port() -> Iterator[int]:
    with brokers.rabbitmq() as port:
        yield port


def postgresql(request: pytest.FixtureRequest) -> RunningReceiver:
    server = request.getfixturevalue("postgresql_server")
    import psycopg  # noqa: PLC0415 - only where it is needed

    def connect() -> Any:
        return psycopg.connect(host="127.0.0.1", port=server["PGPORT"], user="postgres", autocommit=True)

    with connect() as database:
        for table in ("events", "sales", "sale_lines", "stock", "customers"):
            database.execute(f"DROP TABLE IF EXISTS {table}")
        for statement in relational.SCHEMA:
            database.execute(statement)

    def effects(table: str) -> Sequence[Any]:
        with connect() as database:
            return [row[0] for row in database.execute(f"SELECT event_id FROM {table}")]

    return RunningReceiver(int(server["PGPORT"]), effects, {})


def mariadb(request: pytest.FixtureRequest) -> RunningReceiver:
    server = request.getfixturevalue("mariadb_server")
    import pymysql  # noqa: PLC0415 - only where it is needed

    def connect(database: str | None) -> Any:
        port = int(server["DB_PORT"])
        return pymysql.connect(host="127.0.0.1", port=port, user="root", database=database, autocommit=True)

    with closing(connect(None)) as connection, connection.cursor() as cursor:
        for statement in ("DROP DATABASE IF EXISTS shop", "CREATE DATABASE shop", "USE shop", *relational.SCHEMA):
            cursor.execute(statement)

    def effects(table: str) -> Sequence[Any]:
        with closing(connect("shop")) as connection, connection.cursor() as cursor:
            cursor.execute(f"SELECT event_id FROM {table}")
            return [row[0] for row in cursor.fetchall()]

    return RunningReceiver(int(server["DB_PORT"]), effects, {})


def redis(request: pytest.FixtureRequest) -> RunningReceiver:
    port = request.getfixturevalue("redis_port")
    import redis as driver  # noqa: PLC0415 - only where it is needed

    store = driver.Redis(port=port, decode_responses=True)
    store.flushall()

    def effects(key: str) -> Sequence[Any]:
        return store.hkeys(key) if key == "sales-by-event" else store.lrange(key, 0, -1)

    return RunningReceiver(port, effects, {})


def rabbitmq(request: pytest.FixtureRequest) -> RunningReceiver:
    port = request.getfixturevalue("rabbitmq_port")
    file = request.getfixturevalue("tmp_path") / "booked.db"

    def effects(table: str) -> Sequence[Any]:
        if not file.exists():
            return []
        with closing(sqlite3.connect(file)) as database:
            return [row[0] for row in database.execute(f"SELECT event_id FROM {table}")]

    return RunningReceiver(port, effects, {"BOOKED": str(file)})


OPEN: Mapping[str, Callable[[pytest.FixtureRequest], RunningReceiver]] = {
    "postgresql": postgresql,
    "mariadb": mariadb,
    "mariadb-tls": mariadb,
    "redis": redis,
    "rabbitmq": rabbitmq,
}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    "case",
    [pytest.param(each, marks=pytest.mark.xdist_group(group(each, number))) for number, each in enumerate(cases())],
    ids=str,
)
def test_the_receiver_is_judged_rightly(
    case: StackCase, seed: int, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Verified in every scenario if it is right; with its classes, and no other, where it must be found."""
    running = OPEN[case.stack](request)
    port = free_port()
    for name, value in {**running.environment, "PORT": str(port), "PYTHONPATH": str(ROOT)}.items():
        monkeypatch.setenv(name, value)
    asked = Request(
        f"http://127.0.0.1:{port}/hook",
        observe_function=lambda: running.effects(case.effects),
        receiver_cmd=command(case),
        dependencies=[DependencyAddress("db", "127.0.0.1", running.port)],
        observe_state=case.state and f"postgresql+psycopg://postgres@127.0.0.1:{running.port}/postgres {case.state}",
        events=case.events,
        limits=LIMITS,
    )
    for played in play(asked, *case.scenarios, seed=seed):
        found = {str(each.class_) for each in played.judgement.findings}
        expected = Verdict.VIOLATED if case.classes else Verdict.VERIFIED
        told = (played.scenario.name, played.judgement.reason, played.judgement.findings[:2])
        assert expected is played.judgement.verdict, told
        assert found <= case.classes, told


def command(case: StackCase) -> str:
    """The command that starts the receiver; a supervisor starts again what ends by itself."""
    module = case.stack if case.stack in ("redis", "rabbitmq") else "relational"
    words = [sys.executable, "-m", f"tests.stacks.{module}"]
    words += [case.name] if module != "relational" else [case.stack, case.name]
    started = shlex.join(words)
    return f"while true; do {started}; done" if case.name == "dies" else f"exec {started}"
