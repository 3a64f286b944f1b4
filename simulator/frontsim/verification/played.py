"""The results of the scenarios: of each, and of a whole run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from frontsim.clauses import Contract
from frontsim.verdicts import Verdict, overall
from frontsim.verification.facts.exchange import Exchange
from frontsim.verification.facts.fingerprint import Fingerprint
from frontsim.verification.facts.history import Column, ColumnCount, History
from frontsim.verification.judge.checks import Judgement
from frontsim.verification.scenario.scenario import Scenario


@dataclass(frozen=True, slots=True)
class NotPlayed:
    """Why a scenario was not played that could have been. `budget_s`: the budget that was used up, 0 if none was."""

    reason: str
    budget_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Played:
    """A scenario with what happened in it and what that means. `not_played` is None where it was or could not be."""

    scenario: Scenario
    history: History
    judgement: Judgement
    exchanges: Mapping[str, Exchange] = field(default_factory=dict)
    """What was sent and answered, for accused events, by webhookEventId."""
    not_played: NotPlayed | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """A run as far as it got. `replay` makes the command line that repeats one scenario.

    `version` is frontsim's, `started_at` an ISO moment with its zone; both are "" where they are not known.
    `left_out` has the types that `--events auto` left out, each with the receiver's answer.
    `keys` says what the receiver's key is; None where that was not probed.
    """

    receiver: str
    seed: int
    played: Sequence[Played]
    contract: Contract
    strict: bool = False
    interrupted: bool = False
    version: str = ""
    started_at: str = ""
    duration_s: float = 0.0
    left_out: Mapping[str, str] = field(default_factory=dict)
    keys: Fingerprint | None = None
    replay: Callable[[str], str] = field(default=lambda name: f"frontsim verify --scenario {name}")

    @property
    def columns(self) -> Mapping[Column, ColumnCount]:
        """The columns of effects that were compared with the payload, over the whole run."""
        found: dict[Column, ColumnCount] = {}
        for played in self.played:
            for column, count in played.history.columns.items():
                found[column] = max(found.get(column, count), count, key=lambda each: each.compared)
        return found

    @property
    def verdict(self) -> Verdict:
        found = overall([each.judgement.verdict for each in self.played], strict=self.strict)
        return Verdict.UNKNOWN if self.interrupted and found is Verdict.VERIFIED else found
