"""Tables of event types, faults, scenarios and clauses, and of the receivers that break them."""

import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from docs.generate.markdown import code, table
from docs.generate.place import ROOT
from frontsim import catalog
from frontsim.domain.faults import FAULTS, FaultStage
from frontsim.recovery import judge as job_clauses
from frontsim.recovery.case import bundled_cases
from frontsim.subjects.broken_jobs import BROKEN_JOBS as BROKEN_JOBS
from frontsim.subjects.combinations import COMBINED
from frontsim.subjects.registry import BROKEN, CORRECT
from frontsim.verification.effects.classes import MEANING, USUAL_CAUSE
from frontsim.verification.judge import checks
from frontsim.verification.scenario.scenario import bundled_scenarios


def faults() -> str:
    """Every fault, by its stage."""
    rows = []
    for stage in FaultStage:
        rows.append(["", f"*{stage}*", ""])
        for fault in FAULTS.values():
            if fault.stage is stage:
                params = (
                    f"`{name}` ({each.default}): {each.expected}. {each.help}" for name, each in fault.params.items()
                )
                rows.append([f"`{fault.name}`", fault.help, " ".join(params)])
    return table(["fault", "does", "params (default)"], rows)


def event_types() -> str:
    """The bundled event types."""
    return table(["type", "raised when"], ([f"`{kind.name}`", kind.trigger] for kind in catalog.load()))


def event_type_paths() -> str:
    """List the fields that identify an event, a version of it, and its store; and how sure that is."""
    rows = (
        [
            f"`{kind.name}`",
            f"`{kind.identity}` {_sure(kind, 'identity')}",
            f"{code(kind.version)} {_sure(kind, 'version')}" if kind.version else "",
            f"`{kind.store}` {_sure(kind, 'store')}" if kind.store else "none",
        ]
        for kind in catalog.load()
    )
    return table(["type", "identity", "version", "store"], rows)


def _sure(kind: catalog.EventType, key: str) -> str:
    return f"*{kind.provenance[key].partition(':')[0]}*" if key in kind.provenance else ""


def event_type_usage() -> str:
    """List how receivers use each type."""
    return table(["type", "use it to"], ([f"`{kind.name}`", kind.usage] for kind in catalog.load()))


def scenarios() -> str:
    """Every bundled scenario, in the order of a whole run."""
    rows = (
        [f"`{each.name}`{'*' * each.needs_process_control}{'†' * each.needs_dependency}", each.breaks, each.holds]
        for each in bundled_scenarios()
    )
    return table(["scenario", "what breaks", "what must hold"], rows)


def clause_table() -> str:
    """List the clauses of a receiver."""
    rows = ([f"`{each.id}`", each.sentence, each.reason] for each in checks.receiver_contract())
    return table(["clause", "what must hold", "why"], rows)


def job_cases() -> str:
    """Every case of `frontsim verify-recovery`."""
    rows = (
        [f"`{each.name}`{'*' if each.needs_other_time else ''}", each.breaks, each.holds] for each in bundled_cases()
    )
    return table(["case", "what breaks", "what must hold"], rows)


def job_clause_table() -> str:
    """List the clauses of a list -> resend job."""
    rows = (
        [f"`{each.id}`", each.sentence, each.fix, code(sorted(each.classes))] for each in job_clauses.job_contract()
    )
    return table(["clause", "what must hold", "how to keep it", "broken by"], rows)


def broken_jobs() -> str:
    """The jobs that are broken on purpose."""
    rows = ([f"`{each.name}`", each.bug, f"`{each.expected}`", code(each.cases)] for each in BROKEN_JOBS.values())
    return table(["job", "what is wrong", "found as", "in"], rows)


def clause_findings() -> str:
    """List the findings that break a clause, and the scenarios that show them."""
    rows = (
        [f"`{each.id}`", code(sorted(each.classes)), code(sorted(each.only_in)) or "any that no other clause names"]
        for each in checks.receiver_contract()
    )
    return table(["clause", "broken by", "in"], rows)


def classes() -> str:
    """The classes of events."""
    return table(["class", "means"], ([f"`{each}`", meaning] for each, meaning in MEANING.items()))


def causes() -> str:
    """List the usual causes of each class."""
    return table(["class", "usual cause and cure"], ([f"`{each}`", cause] for each, cause in USUAL_CAUSE.items()))


def right_receivers() -> str:
    """The receivers that `verify` must never accuse."""
    return table(["name", "what sets it apart"], ([f"`{each.name}`", each.bug] for each in CORRECT.values()))


def receivers() -> str:
    """List receivers with the verdict or class that each must get: the right ones first, then the wrong ones."""
    said = {"verified": list(CORRECT)} | {f"`{each}`": [] for each in MEANING}
    for each in BROKEN.values():
        for class_ in sorted(each.expected):
            said[f"`{class_}`"].append(each.name)
    for listed in _on_stacks():
        for word in [f"`{class_}`" for class_ in listed.get("classes", ())] or ["verified"]:
            said[word].append(listed["name"])
    return table(
        ["found as", "receivers"], ([word, code(dict.fromkeys(names))] for word, names in said.items() if names)
    )


def _on_stacks() -> Sequence[Mapping[str, Any]]:
    text = (ROOT / "tests" / "stacks" / "receivers.toml").read_text("utf-8")
    listed: Sequence[Mapping[str, Any]] = tomllib.loads(text)["receiver"]
    return listed


def receivers_on_stacks() -> str:
    """The receivers that `make stacks` plays on real databases and brokers, right and wrong."""
    rows = (
        [
            f"`{each['name']}`",
            ", ".join(each["stacks"]),
            each["what"],
            code(each["classes"]) if "classes" in each else "verified",
            code(each.get("found_by", [])),
        ]
        for each in _on_stacks()
    )
    return table(["name", "on", "what it does", "found as", "in"], rows)


def combined_receivers() -> str:
    """The receivers that `explore` must find out: their bugs need two or three circumstances together."""
    rows = (
        [
            f"`{each.name}`",
            each.bug,
            code(sorted(each.expected)),
            "`--receiver-cmd`" if each.needs_process_control else "",
            code(each.scenarios),
        ]
        for each in COMBINED.values()
    )
    return table(["name", "what is wrong", "found as", "needs", "scenarios that are known to find it"], rows)


def broken_receivers() -> str:
    """The receivers that `verify` must find out, and where."""
    rows = (
        [
            f"`{each.name}`",
            each.bug,
            code(sorted(each.expected)),
            code(each.scenarios) + (" (needs `--receiver-cmd`)" if each.needs_process_control else ""),
        ]
        for each in BROKEN.values()
    )
    return table(["name", "what is wrong", "found as", "in"], rows)
