"""`frontsim verify` and `frontsim verify-recovery` for tests: the failure message is the story of what went wrong."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypedDict, Unpack

from frontsim.explore import run as exploring
from frontsim.explore.run import BUDGET_S, Exploration
from frontsim.masking import CommandLine
from frontsim.recovery.case import chosen as chosen_cases
from frontsim.recovery.play import JobSetup
from frontsim.recovery.run import JobReport
from frontsim.recovery.run import result_of as job_result_of
from frontsim.recovery.run import run as run_recovery
from frontsim.report.text import lines
from frontsim.settings import Settings
from frontsim.user_input.configuration import delivery_settings, read_configuration
from frontsim.verification.dependency.breakage import read_addresses
from frontsim.verification.effects.history import ContentCheck
from frontsim.verification.patience import TimeLimits
from frontsim.verification.played import Report
from frontsim.verification.request import Request
from frontsim.verification.result import result_of
from frontsim.verification.run import run
from frontsim.verification.scenario import scenario
from frontsim.verification.schedule import usual_pace

_LIMITS = TimeLimits()


@dataclass(frozen=True, slots=True)
class Verification:
    """How a receiver or a job did: `verdict` is verified, violated or unknown; `story` is what the command prints."""

    verdict: str
    story: str
    report: Report | JobReport | Exploration = field(repr=False)

    def assert_verified(self) -> None:
        """Fail, with the story, unless the verdict is *verified*: a run that could not judge has not passed.

        Raises:
            AssertionError: it is violated or unknown.
        """
        __tracebackhide__ = True
        if self.verdict != "verified":
            raise AssertionError(f"expected verified, got {self.verdict}\n\n{self.story}")


class VerifyOptions(TypedDict, total=False):
    """The arguments that `verify` takes besides; its docstring says what each is."""

    observe: Callable[[], Sequence[Any]] | None
    observe_url: str
    observe_sql: tuple[str, str] | None
    observe_cmd: str
    observe_key: str
    observe_ignore: Sequence[str]
    observe_map: Path | None
    observe_state: str
    check_content: str
    receiver_cmd: str
    dependencies: Sequence[str]
    events: Sequence[str]
    payloads: str
    set: Mapping[str, Any]
    strict: bool
    settle_s: float
    timeout_s: float
    answer_timeout_s: float
    contracts: Path | None


def verify(
    receiver: str,
    *,
    scenarios: Sequence[str] = (),
    seed: int = Settings.seed,
    jobs: int = 1,
    **options: Unpack[VerifyOptions],
) -> Verification:
    """Play outages against a receiver and count what it booked, as `frontsim verify` does.

    Args:
        receiver: its URL.
        scenarios: only these, by name or as a .toml file.
        seed: repeats a run.
        jobs: scenarios that are played at the same time.
        observe: a function that returns the effects, one item for each: an id, or an object that has one.
        observe_url: a URL that answers with the effects as a JSON list.
        observe_sql: a DSN and a query that returns a row for each effect.
        observe_cmd: a command that prints a line for each effect.
        observe_key: where an effect has the event's id (webhookEventId), or `business`.
        observe_ignore: `COLUMN=VALUE` each, for effects of other systems to leave out.
        observe_map: a file that says which columns of an effect hold which fields of the payload.
        observe_state: the stock levels or customers that the receiver keeps: a URL, a query, or a DSN and a query.
        check_content: how to compare an effect's copy of the payload: exact, known (the default) or off.
        receiver_cmd: starts the receiver, so that scenarios can kill it.
        dependencies: `NAME=HOST:PORT` each, the receiver's database and the like, so that scenarios can break them.
        events: only these types.
        payloads: the payload profile, strict, typical or adversarial; "" for the configured one.
        set: values by path, for the payloads of all types that have the path.
        strict: a skipped scenario makes the verdict unknown.
        settle_s: seconds for which effects must stay unchanged (0.3).
        timeout_s: seconds that one scenario may take (60).
        answer_timeout_s: seconds that the receiver may take to answer a delivery (5).
        contracts: a folder with your own event types.

    Raises:
        FrontsimError: nothing listens at the URL, or something else that you gave cannot be used.
    """
    report = run(
        request_from(receiver, **options),
        scenario.chosen(scenarios, scenario.configured_scenarios(read_configuration(Path.cwd()))),
        seed=seed,
        pause=time.sleep,
        replay=lambda name: _again(name, seed),
        pace=usual_pace(one_at_a_time=bool(options.get("receiver_cmd")), jobs=jobs),
    )
    return Verification(str(report.verdict), "\n".join(lines(result_of(report))), report)


def explore(
    receiver: str,
    *,
    budget_s: float = BUDGET_S,
    seed: int = Settings.seed,
    jobs: int = exploring.JOBS,
    corpus: Path | None = None,
    shrinks: bool = True,
    save: Path = Path(),
    **options: Unpack[VerifyOptions],
) -> Verification:
    """Search for an outage that a receiver does not survive, as `frontsim explore` does.

    Args:
        receiver: its URL.
        budget_s: how long to search, in seconds; shrinking may take as long again, or 30 s.
        seed: repeats what is drawn.
        jobs: schedules that are played at the same time.
        corpus: a folder of scenarios to try first, which gets what is found.
        shrinks: findings are made smaller.
        save: the folder for found-NAME.toml.
        options: as `verify` takes them.

    Raises:
        FrontsimError: nothing listens at the URL, or something else that you gave cannot be used.
    """
    found = exploring.explore(
        request_from(receiver, **options),
        exploring.Options(seed, budget_s, corpus, shrinks, save),
        pause=time.sleep,
        pace=usual_pace(one_at_a_time=bool(options.get("receiver_cmd")), jobs=jobs),
    )
    result = exploring.result_of(found, lambda file: _again(file, seed))
    return Verification(str(found.verdict), "\n".join(lines(result)), found)


def _again(scenario: str, seed: int) -> CommandLine:
    return CommandLine(call=f"front.verify(..., scenarios=[{scenario!r}], seed={seed})")


def request_from(
    receiver: str,
    *,
    observe: Callable[[], Sequence[Any]] | None = None,
    check_content: str = ContentCheck.KNOWN,
    dependencies: Sequence[str] = (),
    payloads: str = "",
    set: Mapping[str, Any] = MappingProxyType({}),  # noqa: A002 - as the command has it
    settle_s: float = _LIMITS.settle_s,
    timeout_s: float = _LIMITS.timeout_s,
    answer_timeout_s: float = _LIMITS.answer_s,
    **same: Any,
) -> Request:
    """The request of `verify`, and of the configuration file; `same` has the options that a request calls the same."""
    delivery = delivery_settings(read_configuration(Path.cwd()), os.environ, "verify")
    if payloads:
        delivery["payloads"] = payloads
    return Request(
        receiver=receiver,
        observe_function=observe,
        check_content=ContentCheck(check_content),
        dependencies=read_addresses(dependencies),
        changes=set,
        limits=TimeLimits(settle_s, timeout_s, answer_timeout_s),
        delivery_shape=delivery.pop("delivery_shape", "bare"),
        delivery=delivery,
        **same,
    )


def verify_recovery(
    job: str,
    *,
    cases: Sequence[str] = (),
    seed: int = Settings.seed,
    strict: bool = False,
    timeout_s: float = 60.0,
    budget_s: float = 240.0,
    at_once: int = 4,
) -> Verification:
    """Play outages against a list -> resend job, as `frontsim verify-recovery` does.

    Args:
        job: the command that runs it once.
        cases: only these.
        seed: repeats a run.
        strict: a case that was skipped makes the verdict unknown.
        timeout_s: what one start of the job may take, in seconds.
        budget_s: no case begins after so many seconds.
        at_once: cases that are played at the same time.

    Raises:
        FrontsimError: the command cannot be started, or there is no such case.
    """
    setup = JobSetup(job, timeout_s)
    report = run_recovery(setup, chosen_cases(cases), seed=seed, strict=strict, at_once=at_once, budget_s=budget_s)
    return Verification(str(report.verdict), "\n".join(lines(job_result_of(report))), report)
