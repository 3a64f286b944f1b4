"""A result as data (`--json`), whose fields are the product's public surface: they may be added, never renamed."""

from collections.abc import Iterable
from typing import Any

import orjson

from frontsim.report.exchange import answer_as_data, request_as_data
from frontsim.report.model import (
    JOB,
    Cause,
    Compared,
    ComparedColumn,
    Explored,
    FindingKey,
    RunResult,
    ShownFinding,
    Trial,
)


def as_json(result: RunResult) -> bytes:
    """The result as JSON, for machines."""
    return document(as_data(result))


def document(data: Any) -> bytes:
    """Data as a JSON file that a person can read."""
    return orjson.dumps(data, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def as_data(result: RunResult) -> dict[str, Any]:
    """The result as plain data."""
    run = {
        "version": result.version,
        "startedAt": result.started_at,
        "durationS": round(result.duration_s, 3),
        "next": result.next,
    }
    data: dict[str, Any] = {"verdict": str(result.verdict), result.subject.noun: result.name, "seed": result.seed}
    if result.subject is JOB:
        return {
            **data,
            **run,
            "causes": [{**_cause(each, "cases"), "fix": each.explanation} for each in result.causes],
            "cases": [_case(each) for each in result.trials],
        }
    state = result.state
    return {
        **data,
        "interrupted": result.interrupted,
        **run,
        "leftOut": dict(result.left_out),
        "events": {"booked": list(result.booked), "acknowledgedOnly": list(result.acknowledged_only)},
        "unaccounted": result.unaccounted,
        "observeKey": result.observe_key,
        "shape": result.shape,
        "keys": result.keys or "unknown: it was not probed",
        "causes": [{**_cause(each, "scenarios"), "explanation": each.explanation} for each in result.causes],
        "columns": list(map(_column, result.columns)),
        "state": state
        and {
            "observer": state.observer,
            "columns": dict(state.columns),
            "stockItems": state.items,
            "customers": state.customers,
            "failure": state.failure,
        },
        "scenarios": [_scenario(each) for each in result.trials],
        **({"against": _against(result.against)} if result.against else {}),
        **({"explored": _explored(result.explored)} if result.explored else {}),
    }


def _against(change: Compared) -> dict[str, Any]:
    def listed(found: Iterable[FindingKey]) -> list[dict[str, str]]:
        return [
            {"scenario": each.scenario, "class": each.class_, "clause": each.clause, "event": each.event}
            for each in found
        ]

    return {
        "file": change.file,
        "new": listed(change.new),
        "fixed": listed(change.fixed),
        "same": listed(change.same),
        "noLongerBooked": list(change.unbooked),
        "notCompared": list(change.left_out),
    }


def _explored(explored: Explored) -> dict[str, Any]:
    return {
        "schedules": explored.schedules,
        "notTried": sum(explored.untried.values()),
        "reasons": dict(explored.untried),
        "pairs": explored.pairs,
        "events": explored.events,
        "types": list(explored.types),
        "leftOut": list(explored.left_out),
        "refused": list(explored.refused),
        "found": [
            {
                "file": each.file,
                "class": each.class_,
                "clause": each.clause,
                "event": each.event,
                "detail": each.detail,
                "recurrence": each.recurrence,
                "story": list(each.story),
                "replay": str(each.replay),
                "known": each.is_known,
            }
            for each in explored.found
        ],
    }


def _column(column: ComparedColumn) -> dict[str, Any]:
    return {
        "event": column.event,
        "column": column.name,
        "path": column.path,
        "agreeing": column.agreeing,
        "compared": column.compared,
        "rewriting": column.rewriting,
        "example": column.example,
        "status": column.status,
    }


def _cause(cause: Cause, trials: str) -> dict[str, Any]:
    return {
        "clause": cause.clause.id,
        "class": cause.class_,
        trials: list(cause.trials),
        "events": cause.events,
        "sentence": cause.sentence,
    }


def _trial(trial: Trial) -> dict[str, Any]:
    return {
        "name": trial.name,
        "verdict": str(trial.verdict),
        "reason": trial.reason,
        "durationS": round(trial.duration_s, 3),
        "counts": dict(trial.counts),
        "notes": list(trial.notes),
    }


def _scenario(trial: Trial) -> dict[str, Any]:
    findings = [{**_finding(each), **_exchange(each)} for each in trial.findings]
    return {**_trial(trial), "findings": findings}


def _case(trial: Trial) -> dict[str, Any]:
    return {
        **_trial(trial),
        "exitCodes": list(trial.exit_codes),
        "findings": [_finding(each) for each in trial.findings],
        "stories": {clause: found[0].evidence() for clause, found in trial.by_clause().items()},
        "replay": str(trial.replay),
    }


def _finding(finding: ShownFinding) -> dict[str, Any]:
    return {
        "class": finding.class_,
        "clause": finding.clause.id,
        "event": finding.event,
        "webhookEventId": finding.webhook_event_id,
        "detail": finding.detail,
    }


def _exchange(finding: ShownFinding) -> dict[str, Any]:
    exchange = finding.exchange
    return {
        "provenance": (exchange.provenance or None) if exchange else None,
        "request": request_as_data(exchange.request) if exchange else None,
        "answer": answer_as_data(exchange.answer) if exchange and exchange.answer else None,
    }
