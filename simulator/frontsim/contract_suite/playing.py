"""Plays scenarios as `frontsim verify` does, and gives the outcome of each as text that pytest can show."""

from collections.abc import Iterator, Sequence

from frontsim.contract_suite.outcome import ContractOutcome, Pause, Play
from frontsim.hosting.simulator_process import SimulatorProcess
from frontsim.masking import masked, masked_errors
from frontsim.verdicts import Contract
from frontsim.verification.hosted import open_harnesses
from frontsim.verification.judge import checks
from frontsim.verification.judge.checks import why_not_exercised
from frontsim.verification.played import Played
from frontsim.verification.report.exchange import shown_exchange
from frontsim.verification.report.masking import without_secrets
from frontsim.verification.report.story import story
from frontsim.verification.request import Request
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
    judgement, name = without_secrets(played.judgement), played.scenario.name
    broken = dict.fromkeys(finding.clause for finding in judgement.findings)
    reasons = {clause.id: why_not_exercised(clause, played.history) for clause in contract.judged_in(name)}
    return ContractOutcome(
        str(judgement.verdict),
        judgement.reason,
        {clause: masked("\n".join(_explanation(played, clause, seed))) for clause in broken},
        {clause: reason for clause, reason in reasons.items() if reason},
    )


def _explanation(played: Played, clause: str, seed: int) -> Sequence[str]:
    findings = [finding for finding in played.judgement.findings if finding.clause == clause]
    first = findings[0]
    shown = findings[:_MOST_FINDINGS]
    lines = [f"{each.class_}: {each.event} {each.webhook_event_id}: {each.detail}" for each in shown]
    if len(findings) > len(shown):
        lines.append(f"... and {len(findings) - len(shown)} more")
    effects = played.judgement.effects.get(first.webhook_event_id)
    lines += ["", f"The story of {first.event} {first.webhook_event_id}:"]
    evidence = (*story(played.history, first.webhook_event_id, effects), *shown_exchange(first, played))
    lines += [f"  {line}" for line in evidence]
    return [*lines, "", f"Again with: --receiver-seed {seed} -k {played.scenario.name}"]
