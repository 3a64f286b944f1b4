"""Compares a run with an earlier one, by the report that its `--json` wrote: findings are new, fixed or the same.

Ids differ in every run, so a finding is the same if its scenario, class, clause and event type are. Only what both runs
have played alike is compared: another seed or version, and a scenario that one of them could not judge, are named.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson

from frontsim.errors import BadInput, Unusable
from frontsim.report.model import Compared, FindingKey, RunResult
from frontsim.user_input.fields import Fields
from frontsim.verdicts import Verdict

_EXPECTED = "a report that `frontsim verify --json FILE` wrote"
_MOST_BYTES = 256 * 1024 * 1024
_JUDGED = (Verdict.VERIFIED, Verdict.VIOLATED)


@dataclass(frozen=True, slots=True)
class EarlierRun:
    """An earlier run, as its report says it: the verdict on each scenario, what was found, and the types booked."""

    file: str
    seed: int
    version: str
    verdicts: Mapping[str, str]
    found: frozenset[FindingKey]
    booked: frozenset[str]


def read_earlier(file: Path) -> EarlierRun:
    """Reads the report in a file. Raises Unusable: it cannot be read, or is no report of a receiver."""
    try:
        with file.open("rb") as opened:
            text = opened.read(_MOST_BYTES + 1)
    except OSError as error:
        raise Unusable(f"{file}: expected {_EXPECTED}, got {error.strerror}") from None
    try:
        if len(text) > _MOST_BYTES:
            raise BadInput(f"got more than {_MOST_BYTES:,} bytes")
        return _earlier(str(file), orjson.loads(text))
    except (orjson.JSONDecodeError, BadInput) as error:
        raise Unusable(f"{file}: expected {_EXPECTED}: {error}") from None


def _earlier(file: str, document: Any) -> EarlierRun:
    if not isinstance(document, dict):
        raise BadInput("got no JSON object")
    fields = Fields(document)
    seed = fields.whole("seed", least=0)
    version, events = fields.text("version", required=True), document.get("events")
    verdicts, found = dict[str, str](), set[FindingKey]()
    for number, item in enumerate(fields.items("scenarios", required=True) or ()):
        trial = Fields(item if isinstance(item, dict) else {}, at=f"scenarios[{number}]", problems=fields.problems)
        name = trial.text("name", required=True) or ""
        verdicts[name] = trial.choice("verdict", [str(each) for each in Verdict], required=True) or ""
        for place, each in enumerate(trial.items("findings", required=True) or ()):
            at = f"scenarios[{number}].findings[{place}]"
            finding = Fields(each if isinstance(each, dict) else {}, at=at, problems=fields.problems)
            class_, clause, event = (finding.text(key, blank=True) or "" for key in ("class", "clause", "event"))
            found.add(FindingKey(name, class_, clause, event))
    fields.check()
    booked = events.get("booked", ()) if isinstance(events, dict) else ()
    return EarlierRun(file, seed or 0, version or "", verdicts, frozenset(found), frozenset(map(str, booked)))


def compared(result: RunResult, earlier: EarlierRun) -> RunResult:
    """The result with what changed. It is violated if a type was booked then and is only acknowledged now."""
    left_out = [
        f"the {what} differs: {then} then, {now} now"
        for what, then, now in (
            ("seed", str(earlier.seed), str(result.seed)),
            ("version", earlier.version, result.version),
        )
        if then != now
    ]
    now = {trial.name: str(trial.verdict) for trial in result.trials}
    if left_out:
        both = set[str]()
    else:
        both = {name for name, verdict in now.items() if verdict in _JUDGED and earlier.verdicts.get(name) in _JUDGED}
        others = [name for name in dict.fromkeys([*earlier.verdicts, *now]) if name not in both]
        left_out += [
            f"{name}: {earlier.verdicts.get(name, 'not played')} then, {now.get(name, 'not played')} now"
            for name in others
        ]
    found = {
        FindingKey(trial.name, each.class_, each.clause.id, each.event)
        for trial in result.trials
        for each in trial.findings
    }
    then = {each for each in earlier.found if each.scenario in both}
    found = {each for each in found if each.scenario in both}
    unbooked = tuple(sorted(earlier.booked & set(result.acknowledged_only)))
    change = Compared(
        file=earlier.file,
        new=tuple(sorted(found - then)),
        fixed=tuple(sorted(then - found)),
        same=tuple(sorted(found & then)),
        unbooked=unbooked,
        left_out=tuple(left_out),
    )
    return replace(result, against=change, verdict=Verdict.VIOLATED if unbooked else result.verdict)
