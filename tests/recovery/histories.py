"""Histories of one case, written down by hand."""

from frontsim.client.models import RunView
from frontsim.recovery.case import (
    Call,
    Case,
    CaseHistory,
    CaseStart,
    Operation,
    PastEvent,
    PastState,
    Start,
    StartEnding,
)

WEBHOOK = "6f0e"


def run(number: int, code: int | None) -> RunView:
    trigger, status = "Resend" if number > 1 else "Original", "OK" if code == 200 else "Failed"
    return RunView.read({"run": number, "trigger": trigger, "status": status, "statusCode": code})


def event(
    *codes: int | None, id_: str = "e1", state: PastState = PastState.FAILED, due: int = 1, hopeless: bool = False
):
    runs = tuple(run(number, code) for number, code in enumerate(codes, 1))
    return PastEvent(WEBHOOK, id_, "SaleCreated", state, due, "2026-08-01T10:00:00", hopeless=hopeless, runs=runs)


def listed(*, at_s: float = 0.0, start: int = 1, status: int | None = 200, broken: str = "", retry_after_s: float = 0):
    path = f"GET /api/webhooksevents/{WEBHOOK}"
    query = {"from": "2026-07-01", "to": "2026-08-02"}
    return Call(
        start, Operation.LIST, at_s, at_s, path, WEBHOOK, query=query, status=status, broken=broken,
        retry_after_s=retry_after_s,
    )  # fmt: skip


def resent(
    id_: str = "e1",
    *,
    at_s: float = 1.0,
    took_s: float = 0.0,
    start: int = 1,
    status: int | None = 200,
    retry_after_s: float = 0,
):
    path = f"POST /api/webhooksevents/{WEBHOOK}/deliver/{id_}"
    return Call(
        start, Operation.RESEND, at_s, at_s + took_s, path, WEBHOOK, id_, status=status, retry_after_s=retry_after_s
    )


def start(
    number: int = 1, code: int | None = 0, *, ending: StartEnding = StartEnding.EXITED, left=(), leaked=(), output=""
):
    return Start(number, ending, code, 10.0, 10.0, output=output, leaked=tuple(leaked), still_failing=frozenset(left))


def history(*events: PastEvent, calls=None, starts=None, trouble: str = "") -> CaseHistory:
    made = (listed(), *(resent(each.webhook_event_id) for each in events if each.resends))
    calls, starts = tuple(made if calls is None else calls), tuple(starts or (start(),))
    return CaseHistory("case", events, calls=calls, starts=starts, trouble=trouble)


def case(*, left: str = "missed", starts: int = 1, copies: int = 1) -> Case:
    return Case("case", "It breaks.", "It holds.", left=left, starts=(CaseStart(copies=copies),) * starts)
