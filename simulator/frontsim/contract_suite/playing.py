"""Plays scenarios as `frontsim verify` does, and gives the outcome of each as text that pytest can show."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from frontsim.contract_suite.outcome import ContractOutcome, Pause, Play
from frontsim.hosting.simulator_process import SimulatorProcess
from frontsim.masking import masked, masked_errors
from frontsim.report.model import ShownFinding
from frontsim.verdicts import Contract
from frontsim.verification.hosted import open_harnesses
from frontsim.verification.judge import checks
from frontsim.verification.played import Played
from frontsim.verification.request import Request
from frontsim.verification.result import trial_of, without_secrets
from frontsim.verification.scenario import scenario
from frontsim.verification.schedule import usual_pace
from frontsim.verification.session import play_all

_MOST_FINDINGS = 10


def player(request: Request, seed: int) -> Play:
    """Plays scenarios against a receiver, all in one run: they share its receiver process and its last look."""

    def play(names: Sequence[str], pause: Pause) -> Iterator[tuple[str, ContractOutcome]]:
        contract = checks.receiver_contract()
        with (
            masked_errors(),
            SimulatorProcess() as process,
            open_harnesses(request, seed, simulators=process.start, pause=pause) as open_harness,
        ):
            pace = usual_pace(one_at_a_time=bool(request.receiver_cmd))
            for played in play_all(scenario.chosen(names), open_harness, contract, pace):
                yield played.scenario.name, _outcome(played, contract, seed)

    return play


def _outcome(played: Played, contract: Contract, seed: int) -> ContractOutcome:
    trial = trial_of(replace(played, judgement=without_secrets(played.judgement)), contract)
    return ContractOutcome(
        str(trial.verdict),
        trial.reason,
        {
            clause: masked("\n".join(_explanation(found, trial.name, seed)))
            for clause, found in trial.by_clause().items()
        },
        dict(trial.not_exercised),
    )


def _explanation(findings: Sequence[ShownFinding], scenario: str, seed: int) -> Iterator[str]:
    first = findings[0]
    for each in findings[:_MOST_FINDINGS]:
        yield f"{each.class_}: {each.event} {each.webhook_event_id}: {each.detail}"
    if len(findings) > _MOST_FINDINGS:
        yield f"... and {len(findings) - _MOST_FINDINGS} more"
    yield from ("", f"The story of {first.event} {first.webhook_event_id}:")
    yield from (f"  {line}" for line in first.evidence())
    yield from ("", f"Again with: --receiver-seed {seed} -k {scenario}")
