"""What a run has compared, and what it has not: the event types that were left out, and the columns of effects."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from frontsim.verification.facts.stock_levels import check_stock
from frontsim.verification.played import Report


@dataclass(frozen=True, slots=True)
class Listing:
    """Lines of a report under a title."""

    title: str
    lines: Sequence[str]


def listings(report: Report) -> Iterator[Listing]:
    """The types that --events auto left out, and the columns that were compared with the payload, if there are any."""
    if report.left_out:
        answers = ", ".join(dict.fromkeys(report.left_out.values()))
        yield Listing(f"Left out by --events auto (answered {answers})", [", ".join(report.left_out)])
    if report.columns:
        yield Listing("Columns compared with the payload", _columns(report))
    if state := stock_state(report):
        yield Listing("Stock levels compared with the movements", [str(state)])


@dataclass(frozen=True, slots=True)
class StockState:
    """What a run has seen of the levels that the receiver keeps; `failure` says why they stay unknown."""

    observer: str
    columns: Mapping[str, str]
    kept: str
    items: int
    failure: str

    def __str__(self) -> str:
        return f"{self.kept}: {self.items} stock items" if self.kept else self.failure


def stock_state(report: Report) -> StockState | None:
    """What was seen of them in all scenarios; None without a way to read them."""
    states = [played.history.state for played in report.played if played.history.state]
    if not states:
        return None
    shapes = [state.shape for state in states if state.shape]
    items = sum(check_stock(played.history).checked for played in report.played)
    failures = [state.failure for state in states if state.failure]
    first = states[0]
    failure = failures[0] if failures else ""
    if not shapes:
        return StockState(first.observer, {}, "", items, failure)
    return StockState(first.observer, shapes[0].columns, str(shapes[0]), items, failure)


def _columns(report: Report) -> Sequence[str]:
    """The columns, a line for each type: `total -> total: equal in 5 of 5`."""
    by_event: dict[str, list[str]] = {}
    for column, count in sorted(report.columns.items()):
        how = count.rewriting or "equal"
        told = f"{column.name} -> {column.path}: {how} in {count.agreeing} of {count.compared}"
        by_event.setdefault(column.event, []).append(told)
    return [f"{event}: {', '.join(told_of)}" for event, told_of in by_event.items()]
