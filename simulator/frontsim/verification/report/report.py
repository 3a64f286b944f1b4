"""A run's result as data (`--json`), whose fields are the product's public surface."""

from collections.abc import Iterable
from typing import Any

import orjson

from frontsim.verification.judge.checks import Finding
from frontsim.verification.played import Played, Report
from frontsim.verification.report.causes import Cause, causes
from frontsim.verification.report.compared import DerivedState, derived_state
from frontsim.verification.report.exchange import answer_as_data, request_as_data
from frontsim.verification.scenario.scenario import Scenario


def as_json(report: Report) -> bytes:
    """The report as JSON, for machines."""
    return orjson.dumps(as_data(report), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def scenarios_as_json(scenarios: Iterable[Scenario]) -> bytes:
    """What each scenario is for, and what it needs, as JSON (`--list --json`)."""
    listed = [
        {
            "name": each.name,
            "breaks": each.breaks,
            "holds": each.holds,
            "needsReceiverCmd": each.needs_process_control,
            "needsDependency": each.needs_dependency,
            "needsSink": each.needs_sink,
            "needsState": each.needs_state,
        }
        for each in scenarios
    ]
    return orjson.dumps({"scenarios": listed}, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def as_data(report: Report) -> dict[str, Any]:
    """The report as plain data. Fields may be added, and none is renamed or removed."""
    return {
        "verdict": str(report.verdict),
        "receiver": report.receiver,
        "seed": report.seed,
        "interrupted": report.interrupted,
        "version": report.version,
        "startedAt": report.started_at,
        "durationS": round(report.duration_s, 3),
        "leftOut": dict(report.left_out),
        "keys": str(report.keys or "unknown: it was not probed"),
        "causes": [_cause(each) for each in causes(report)],
        "columns": [
            {
                "event": column.event,
                "column": column.name,
                "path": column.path,
                "agreeing": count.agreeing,
                "compared": count.compared,
                "rewriting": count.rewriting,
            }
            for column, count in sorted(report.columns.items())
        ],
        "state": _state(derived_state(report)),
        "scenarios": [_scenario(played) for played in report.played],
    }


def _state(state: DerivedState | None) -> dict[str, Any] | None:
    if state is None:
        return None
    return {
        "observer": state.observer,
        "columns": dict(state.columns),
        "stockItems": state.items,
        "customers": state.customers,
        "failure": state.failure,
    }


def _cause(cause: Cause) -> dict[str, Any]:
    return {
        "clause": cause.clause.id,
        "class": str(cause.class_),
        "scenarios": list(cause.scenarios),
        "events": cause.events,
        "sentence": cause.sentence,
        "explanation": cause.explanation,
    }


def _scenario(played: Played) -> dict[str, Any]:
    return {
        "name": played.scenario.name,
        "verdict": str(played.judgement.verdict),
        "reason": played.judgement.reason,
        "durationS": round(played.history.duration_s, 3),
        "counts": played.judgement.counts,
        "findings": [_finding(finding, played) for finding in played.judgement.findings],
        "notes": list(played.judgement.notes),
    }


def _finding(finding: Finding, played: Played) -> dict[str, Any]:
    exchange = played.exchanges.get(finding.webhook_event_id)
    return {
        "class": str(finding.class_),
        "clause": finding.clause,
        "event": finding.event,
        "webhookEventId": finding.webhook_event_id,
        "detail": finding.detail,
        "provenance": (exchange.provenance or None) if exchange else None,
        "request": request_as_data(exchange),
        "answer": answer_as_data(exchange),
    }
