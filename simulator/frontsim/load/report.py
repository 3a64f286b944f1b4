"""The verdict on a load test, and the receiver's highest rates."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from frontsim.domain.model import Outcome
from frontsim.masking import CommandLine, masked
from frontsim.report.as_json import as_data, document
from frontsim.report.exchange import Exchange
from frontsim.report.html import as_html
from frontsim.report.model import RunResult
from frontsim.report.text import lines
from frontsim.verdicts import EXIT_CODES, Contract, Verdict
from frontsim.verification.effects.classes import GOOD, Class
from frontsim.verification.effects.history import EventFact, History, Run
from frontsim.verification.judge.checks import Judgement
from frontsim.verification.play.log import ExchangeSource, read_exchanges
from frontsim.verification.play.runner import Recording
from frontsim.verification.played import Played, Report, accused_by, judge_recorded, weighed
from frontsim.verification.result import result_of, without_secrets
from frontsim.verification.scenario.scenario import Scenario
from frontsim.wording import counted

WINDOW_S = 3
"""A rate is the mean over this many seconds; a shorter window shows the batches of leases, not the receiver."""


def highest_rate(events: Sequence[EventFact], classes: Mapping[str, Class] | None) -> float:
    """Answered deliveries a second in the best window without an event of a bad class; 0 when there is no such window.

    With `classes` None every window counts. An event without a class was not judged, and is not bad. A run that is
    shorter than a window is one window.
    """
    answered: Counter[int] = Counter()
    bad: set[int] = set()
    for event in events:
        answered.update(_second(run) for run in event.runs if run.outcome is Outcome.ANSWERED)
        if classes is not None and classes.get(event.webhook_event_id, Class.OK) not in GOOD:
            bad.update(map(_second, event.runs))  # its unanswered runs too: the receiver may have booked them
    if not answered:
        return 0.0
    first, last = min(answered), max(answered)
    length = min(WINDOW_S, last - first + 1)
    windows = (range(start, start + length) for start in range(first, last - length + 2))
    clean = (window for window in windows if bad.isdisjoint(window))
    return max((sum(answered[second] for second in window) / length for window in clean), default=0.0)


def _second(run: Run) -> int:
    return run.at_ms // 1000


MOST_FINDINGS = 200
"""Findings that the report lists one by one; the counts include all of them."""
MOST_GOOD = 60
"""Events of each good class that the page lists."""
LOST = (Class.LOST, Class.LOST_AFTER_ACK, Class.BURNED)
_IN_ROWS_OF_THEIR_OWN = {*LOST, Class.DUPLICATED, Class.OK, Class.RECOVERED}


@dataclass(frozen=True, slots=True)
class LoadReport:
    """A load test that has ended, and its verdict."""

    scenario: Scenario
    history: History
    judgement: Judgement
    contract: Contract
    receiver: str
    seed: int
    replay: CommandLine
    exchanges: Mapping[str, Exchange] = field(default_factory=dict)

    @property
    def verdict(self) -> Verdict:
        """The verdict on the receiver. A load test that could not be judged is unknown."""
        return Verdict.UNKNOWN if self.judgement.verdict is Verdict.SKIPPED else self.judgement.verdict

    @property
    def exit_code(self) -> int:
        """0 verified, 1 violated, 2 unknown."""
        return EXIT_CODES[self.verdict]

    @property
    def lost(self) -> int | None:
        """Events without an effect, whatever the reason; None without an observation."""
        return None if self.history.final is None else sum(self._count(each) for each in LOST)

    @property
    def duplicated(self) -> int | None:
        """Events with more than one effect; None without an observation."""
        return None if self.history.final is None else self._count(Class.DUPLICATED)

    @property
    def rate(self) -> float:
        """Deliveries a second in the best window of all."""
        return highest_rate(self.history.events, None)

    @property
    def clean_rate(self) -> float | None:
        """Deliveries a second in the best window without a lost or duplicated event; None without an observation."""
        return None if self.history.final is None else highest_rate(self.history.events, self.judgement.classes)

    def as_json(self) -> bytes:
        """The JSON of `frontsim verify`, with `rates`: deliveries a second."""
        data = as_data(self._as_verified())
        clean = self.clean_rate
        data["rates"] = {"highest": round(self.rate, 1), "highestClean": None if clean is None else round(clean, 1)}
        return document(data)

    def as_html(self) -> bytes:
        """The page of `frontsim verify`."""
        return as_html(self._as_verified()).encode()

    def table(self) -> Iterator[str]:
        """The lines of the table, then of the findings and the verdict."""
        counts = self.judgement.counts
        rows: dict[str, object] = {name: counts.get(name) for name in ("events", "acknowledged", "resent", "effects")}
        rows |= {"lost": self.lost, "duplicated": self.duplicated}
        rows |= {str(each): counts[each] for each in Class if counts.get(each) and each not in _IN_ROWS_OF_THEIR_OWN}
        rows |= {"highest rate": f"{self.rate:,.0f}/s", "highest clean rate": _per_s(self.clean_rate)}
        width = max(map(len, rows))
        for name, value in rows.items():
            text = "not observed" if value is None else f"{value:,}" if isinstance(value, int) else str(value)
            yield f"{name:<{width}}  {text:>10}"
        yield ""
        *story, _ = lines(self._as_verified(most=len(self.judgement.findings)))
        yield from story
        load = f"{self.scenario.name}, {self.history.duration_s:.0f} s"
        yield f"{str(self.verdict).upper()}: {self.receiver}: {load}; seed {self.seed}"

    def _count(self, class_: Class) -> int:
        return self.judgement.counts.get(str(class_), 0)

    def _as_verified(self, most: int = MOST_FINDINGS) -> RunResult:
        """As the result of `frontsim verify`, with no more findings and events than a reader can take in."""
        findings = self.judgement.findings[:most]
        more = len(self.judgement.findings) - len(findings)
        notes = self.judgement.notes
        if more:
            notes = (*notes, f"{counted(more, 'more finding is', 'more findings are')} in the counts and not listed")
        judgement = replace(self.judgement, verdict=self.verdict, findings=findings, notes=notes)
        history = replace(self.history, events=self._shown())
        played = Played(self.scenario, history, judgement, self.exchanges)
        return result_of(Report(self.receiver, self.seed, [played], self.contract, replay=lambda _: self.replay))

    def _shown(self) -> tuple[EventFact, ...]:
        """The events of the first findings, and some without a finding."""
        found = {finding.webhook_event_id for finding in self.judgement.findings[:MOST_FINDINGS]}
        classes = self.judgement.classes
        events = self.history.events
        shown = [event for event in events if event.webhook_event_id in found]
        for class_ in GOOD:
            of_class = (event for event in events if classes.get(event.webhook_event_id) is class_)
            shown += islice(of_class, MOST_GOOD)
        return tuple(shown)


def report_on(
    recording: Recording,
    scenario: Scenario,
    contract: Contract,
    *,
    receiver: str,
    seed: int,
    replay: CommandLine,
    exchange_source: ExchangeSource | None = None,
) -> LoadReport:
    """Judge what was recorded. No form of the report holds a secret.

    Args:
        recording: of the load test.
        scenario: what the load test breaks, and what must hold.
        contract: the clauses.
        receiver: its URL.
        seed: of the payloads.
        replay: the command that repeats the load test.
        exchange_source: where the requests and answers of the findings are read; None: the report shows none.
    """
    history = recording.history
    judgement = judge_recorded(history, contract, recording.last_look, is_last=True)
    listed = judgement.findings[:MOST_FINDINGS]
    exchanges = read_exchanges(exchange_source, history, accused_by(listed)) if exchange_source else {}
    judgement = without_secrets(weighed(Played(scenario, history, judgement, exchanges)).judgement)
    return LoadReport(scenario, history, judgement, contract, masked(receiver), seed, replay, exchanges)


def _per_s(rate: float | None) -> str | None:
    return None if rate is None else f"{rate:,.0f}/s"
