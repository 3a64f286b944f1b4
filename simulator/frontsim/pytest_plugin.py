r"""The pytest plugin: options and fixtures that say which receiver and which job the contract suite is about.

pytest loads it in every run where frontsim is installed, so it imports nothing but pytest and a table of options until
a test asks for `front`. A `conftest.py` or a test module can override every fixture:

    python -m pytest --pyargs frontsim.contract_suite --receiver-url http://127.0.0.1:8500/hook \
        --receiver-observe-url http://127.0.0.1:8500/effects
    python -m pytest --pyargs frontsim.contract_suite --recovery-job 'python reconcile.py'
"""

import os
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from frontsim.verification.options import VERIFY_OPTIONS

_OFFERED = {option.pytest_name: option for option in VERIFY_OPTIONS.values() if option.pytest_help}
_OF_JOBS = {
    "--recovery-job": "The command that runs your list -> resend job once. Without it the job's tests are skipped.",
    "--recovery-seed": "A number that repeats a run of the job's tests.",
}
_IN_SETTINGS = ("--receiver-payloads", "--receiver-delivery-shape")
"""The settings of deliveries have these, too: "" leaves them to the settings, which read the file."""
_KEYS = {
    **{name: ("verify", option.name) for name, option in _OFFERED.items() if name not in _IN_SETTINGS},
    **{name: ("verify-recovery", name.removeprefix("--recovery-")) for name in _OF_JOBS},
}
"""Where the configuration file has what an option does not give: the command, and its key."""

_OBSERVERS = ("--receiver-observe-url", "--receiver-observe-sql")
"""Ways to read effects: one that is given replaces the one in the configuration file."""


_REPEATABLE = ("--receiver-set", "--receiver-observe-ignore")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add our options, in a separate group."""
    group = parser.getgroup("frontsim", "frontsim: the contracts of a webhook receiver and of a list -> resend job")
    for name, help_text in {**{name: option.pytest_help for name, option in _OFFERED.items()}, **_OF_JOBS}.items():
        more: dict[str, Any] = {"action": "append", "default": []} if name in _REPEATABLE else {"default": ""}
        group.addoption(name, metavar=name.rpartition("-")[2].upper(), help=help_text, **more)


def pytest_report_header() -> str | None:
    """The configuration file that holds for this run, because it can name commands and say where keys are sent."""
    try:
        found = import_module("frontsim.user_input.configuration").read_configuration(Path.cwd())
    except import_module("frontsim.errors").FrontsimError as error:
        return f"frontsim: {error}"
    return f"frontsim: {found.file} {found.warning and f'({found.warning})'}".rstrip() if found.file else None


def _option(config: pytest.Config, name: str) -> str:
    """The option counts, else the environment (for a seed), else the configuration file, else ""."""
    given = str(config.getoption(name)) or (os.environ.get("FRONTSIM_SEED", "") if name.endswith("-seed") else "")
    if given or name not in _KEYS or (name in _OBSERVERS and any(config.getoption(each) for each in _OBSERVERS)):
        return given
    command, key = _KEYS[name]
    configuration = import_module("frontsim.user_input.configuration").read_configuration(Path.cwd())
    found = configuration.for_command(command).get(key, "")
    return (" " if key == "observe-sql" else ",").join(found) if isinstance(found, list) else str(found)


@pytest.fixture(scope="session")
def receiver_url(pytestconfig: pytest.Config) -> str:
    """The receiver's URL, "" when there is none: then the suite is skipped."""
    return _option(pytestconfig, "--receiver-url")


@pytest.fixture(scope="session")
def receiver_observe_url(pytestconfig: pytest.Config) -> str:
    """A URL with the receiver's effects, or ""."""
    return _option(pytestconfig, "--receiver-observe-url")


@pytest.fixture(scope="session")
def receiver_observe_sql(pytestconfig: pytest.Config) -> tuple[str, str] | None:
    """A DSN and a query for the receiver's effects, or None."""
    dsn, _, query = _option(pytestconfig, "--receiver-observe-sql").partition(" ")
    return (dsn, query) if dsn else None


@pytest.fixture(scope="session")
def receiver_observe_key(pytestconfig: pytest.Config) -> str:
    """Where an effect has the event's id."""
    return _option(pytestconfig, "--receiver-observe-key") or VERIFY_OPTIONS["observe-key"].default


@pytest.fixture(scope="session")
def receiver_observe_state(pytestconfig: pytest.Config) -> str:
    """The stock levels that the receiver keeps: a URL, a query, or a DSN and a query; or ""."""
    return _option(pytestconfig, "--receiver-observe-state")


@pytest.fixture(scope="session")
def receiver_check_content(pytestconfig: pytest.Config) -> str:
    """How an effect's copy of the payload is compared."""
    declared = VERIFY_OPTIONS["check-content"]
    given = _option(pytestconfig, "--receiver-check-content") or declared.default
    if given not in declared.choices:
        raise pytest.UsageError(f"--receiver-check-content: expected exact, known or off, got {given!r}")
    return given


@pytest.fixture(scope="session")
def receiver_cmd(pytestconfig: pytest.Config) -> str:
    """The command that starts the receiver, or ""."""
    return _option(pytestconfig, "--receiver-cmd")


@pytest.fixture(scope="session")
def receiver_dependencies(pytestconfig: pytest.Config) -> list[str]:
    """The receiver's dependencies, NAME=HOST:PORT each; none means that none is broken."""
    return [text.strip() for text in _option(pytestconfig, "--receiver-dependency").split(",") if text.strip()]


@pytest.fixture(scope="session")
def receiver_events(pytestconfig: pytest.Config) -> list[str]:
    """The event types that the receiver takes; none means all."""
    return [name.strip() for name in _option(pytestconfig, "--receiver-events").split(",") if name.strip()]


@pytest.fixture(scope="session")
def receiver_payloads(pytestconfig: pytest.Config) -> str:
    """The payload profile: strict, typical or adversarial; "" for the configured one."""
    return _option(pytestconfig, "--receiver-payloads")


def _repeated(config: pytest.Config, name: str) -> list[str]:
    """All that a repeatable option has, else the configuration file."""
    configured = import_module("frontsim.user_input.configuration").read_configuration(Path.cwd()).for_command("verify")
    return list(config.getoption(name) or configured.get(name.removeprefix("--receiver-"), ()))


@pytest.fixture(scope="session")
def receiver_set(pytestconfig: pytest.Config) -> list[str]:
    """Values for fields of the payloads, as `path=value`."""
    return _repeated(pytestconfig, "--receiver-set")


@pytest.fixture(scope="session")
def receiver_observe_ignore(pytestconfig: pytest.Config) -> list[str]:
    """Effects of other systems to leave out, as `column=value`."""
    return _repeated(pytestconfig, "--receiver-observe-ignore")


@pytest.fixture(scope="session")
def receiver_delivery_shape(pytestconfig: pytest.Config) -> str:
    """The shape of a delivery's body: a name, or a TOML file; "" for the configured one."""
    return _option(pytestconfig, "--receiver-delivery-shape")


@pytest.fixture(scope="session")
def receiver_explore_s(pytestconfig: pytest.Config) -> float:
    """How long to search for an outage that no scenario has, in seconds; 0 for not at all."""
    text = _option(pytestconfig, "--receiver-explore") or "0"
    seconds = import_module("frontsim.user_input.fields").duration_s(text)
    if seconds is None:
        raise pytest.UsageError(f"--receiver-explore: expected a time such as 60s or 5m, got {text!r}")
    return float(seconds)


@pytest.fixture(scope="session")
def receiver_seed(pytestconfig: pytest.Config) -> int | None:
    """The seed of the run, None to draw one."""
    text = _option(pytestconfig, "--receiver-seed")
    return int(text) if text else None


@pytest.fixture(scope="session")
def recovery_job(pytestconfig: pytest.Config) -> str:
    """The command that runs the list -> resend job, "" when there is none: then its tests are skipped."""
    return _option(pytestconfig, "--recovery-job")


@pytest.fixture(scope="session")
def recovery_seed(pytestconfig: pytest.Config) -> int | None:
    """The seed of the run of the job's tests, None to draw one."""
    text = _option(pytestconfig, "--recovery-seed")
    return int(text) if text else None


@pytest.fixture
def front() -> Iterator[Any]:
    """A fresh simulator for one test: a `frontsim.testing.Front`."""
    with import_module("frontsim.testing").simulator() as running:
        yield running


@pytest.fixture(scope="session")
def front_session() -> Iterator[Any]:
    """One simulator for all tests of a run, or of a worker of xdist; tests share what it holds."""
    with import_module("frontsim.testing").simulator() as running:
        yield running


CAUSE = "frontsim-cause"
"""The property of a failed test of the contract suite that tells its cause; JUnit XML has it, too."""


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Name each cause once, with the number of tests that fail of it."""
    found: dict[str, list[str]] = {}
    for report in terminalreporter.getreports("failed"):
        for name, cause in report.user_properties:
            if name == CAUSE:
                found.setdefault(cause, []).append(report.nodeid.rpartition("[")[2].rstrip("]"))
    if found:
        terminalreporter.section("causes (frontsim)")
    for cause, names in sorted(found.items(), key=lambda each: -len(each[1])):
        number = import_module("frontsim.wording").counted(len(names), "test fails", "tests fail")
        terminalreporter.write_line(f"{cause}: {number}: {', '.join(names)}")
