"""The events of one case: its webhooks, what failed before the job first starts, and what fails later.

The simulator's clock is moved to the moment of each, so that the log has it as if it had happened then.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from frontsim.client.control import Simulator
from frontsim.client.vendor import FrontSystems
from frontsim.errors import Unusable
from frontsim.recovery.case import Case, CaseStart, CaseWebhook, PastGroup
from frontsim.recovery.facts import PastEvent, PastState

_PENDING_S = 3e7  # how much later a pending event is sent: never, here
_AFTER_S = 0.01  # how long a delivery that ends in a timeout takes
_DAY_S = 86_400.0
_DELIVERIES_S = 120.0  # 10,000 on a loaded machine


@dataclass
class CaseEvents:
    """The events of a case; `offset_s` is the job's clock to real time."""

    case: Case
    control: Simulator
    api: FrontSystems
    webhook_ids: list[str] = field(default_factory=list)
    events: list[PastEvent] = field(default_factory=list)
    offset_s: float = 0.0

    def prepare(self, url: str) -> None:
        """Webhooks, then the past, oldest first; then the clock is what the job will see."""
        self.webhook_ids = [self.api.create_webhook(each.event, url).id for each in self.case.webhooks]
        if self.case.moved_to:
            self.offset_s = float(self.control.set_clock(self.case.moved_to)["offsetS"])
        for group in self.case.past:
            self._create_past(group)
        self.set_offset(self.offset_s + self.case.clock_s)
        for webhook_id, webhook in zip(self.webhook_ids, self.case.webhooks, strict=True):
            self._let_refuse(webhook_id, webhook)
            if webhook.deleted:
                self.api.delete_webhook(webhook_id)
        self.events = [each for each in self.events if each.webhook_id in self.live_webhooks]
        self.control.add_fault("answer", match={"trigger": "Original"}, params={"status": 503})

    def _create_past(self, group: PastGroup) -> None:
        if group.at:
            self.control.set_clock(group.at)
        else:
            self.set_offset(self.offset_s + self.case.clock_s - group.age_s)
        match group.state:
            case PastState.PENDING:
                self.control.add_fault("delay", params={"seconds": _PENDING_S})
            case PastState.FAILED:
                name = group.fault or "answer"
                all_params: Mapping[str, Mapping[str, object]] = {
                    "answer": {"status": group.status},
                    "timeout": {"afterS": _AFTER_S},
                }
                params = all_params.get(name)
                self.control.add_fault(name, params=params)
            case PastState.DELIVERED:
                pass
        self._trigger(group.webhook, group.count, state=group.state, due=1, about=group.about)
        self.control.clear_faults()

    def _trigger(self, webhook: int, count: int, *, state: PastState, due: int, about: str) -> None:
        model = self.case.webhooks[webhook]
        raised = self.control.trigger(model.event, count=count)
        self.let_deliveries_end()
        self.events += [
            PastEvent(
                webhook_id=each.webhook_id,
                webhook_event_id=each.webhook_event_id,
                event=each.event,
                state=state,
                due=due,
                created="",
                hopeless=model.refuses_resends < 0,
                about=about,
            )
            for each in raised.events
        ]

    def _let_refuse(self, webhook_id: str, webhook: CaseWebhook) -> None:
        """The receiver of that webhook refuses the first resends of each event, or all."""
        matches: list[dict[str, object]] = [{"run": 2 + number} for number in range(webhook.refuses_resends)]
        for match in matches if webhook.refuses_resends >= 0 else [{}]:
            self.control.add_fault(
                "answer", match={"webhookId": webhook_id, "trigger": "Resend", **match}, params={"status": 500}
            )

    def set_offset(self, offset_s: float) -> None:
        """Set the simulator's clock so many seconds from real time."""
        self.control.advance(offset_s - float(self.control.clock()["offsetS"]))

    def let_deliveries_end(self) -> None:
        """Wait until nothing is due or in flight; what is delayed for ever does not count.

        Raises:
            Unusable: something still is, so that the log does not yet say what failed.
        """
        if not self.control.drain(_DELIVERIES_S):
            raise Unusable(f"the simulator's deliveries had not ended after {_DELIVERIES_S:g} s")

    def let_days_pass(self, days: float) -> None:
        """Move on by some days; the simulator's clock stays as far off as the case says."""
        self.offset_s += days * _DAY_S
        self.set_offset(self.offset_s + self.case.clock_s)

    def fail_before(self, number: int, start: CaseStart, edge: datetime | None) -> None:
        """Events that fail between two starts; `edge` is the moment at which they are created, None for the case's."""
        if edge is not None:
            self.control.set_clock(edge.isoformat())
        elif start.fails_age_s:
            self.set_offset(self.offset_s + self.case.clock_s - start.fails_age_s)
        self.fail(start.fails_before, due=number, about=f"at {edge}, the end of the list before" if edge else "")
        self.set_offset(self.offset_s + self.case.clock_s)

    def fail(self, count: int, *, due: int, about: str) -> None:
        """Events of the first webhook that fail now."""
        self._trigger(0, count, state=PastState.FAILED, due=due, about=about)

    @property
    def live_webhooks(self) -> list[str]:
        pairs = zip(self.webhook_ids, self.case.webhooks, strict=True)
        return [webhook_id for webhook_id, webhook in pairs if not webhook.deleted]
