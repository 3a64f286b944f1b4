"""The options that the load tests add to Locust's own, and what they come to.

They stand in Locust's parser, so that `--help`, a config file and environment variables know them, and a master
hands them to its workers.
"""

import os
from argparse import Namespace
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from frontsim.errors import BadInput
from frontsim.load.delivery_faults import NO_OUTAGE, Outage, Shares
from frontsim.load.plans import Plan

LOOPBACK = "127.0.0.1"
WAIT_FOR_WORKERS_S = 60
NOT_GIVEN = -1.0
USERS, SPAWN_RATE = 10, 50
AFTER_THE_ANSWER_S = 5
"""Seconds beyond the longest answer that users get to end, and a lease to be reported."""
_LARGEST_SEED = 2**63 - 1


class Parser(Protocol):
    """Locust's parser, as far as we need it."""

    def add_argument_group(self, title: str) -> Any:
        """A group of options."""

    def set_defaults(self, **values: object) -> None:
        """Other defaults for options that there are."""


class Add(Protocol):
    """Adds one of our options."""

    def __call__(self, name: str, help_text: str, **details: Any) -> None:
        """`details` are `add_argument`'s."""


def add_options(parser: Parser, plan: Plan) -> None:
    """Add ours, as a group, which keeps them out of the form of Locust's page.

    Locust's own defaults are made fit for CI: loopback only, and no waiting for ever.
    """
    group = parser.add_argument_group(f"frontsim: {plan.name}")

    def add(name: str, help_text: str, **details: Any) -> None:
        variable = f"FRONTSIM_LOAD_{name.removeprefix('--').replace('-', '_').upper()}"
        group.add_argument(name, help=help_text, **{"env_var": variable, **details})

    group.add_argument(
        "--load-help", action="help", help="These options too: Locust's --help comes too early for them."
    )
    _add_receiver(add)
    _add_load(add, plan)
    _add_verdict(add)
    parser.set_defaults(
        web_host=LOOPBACK,
        master_bind_host=LOOPBACK,
        expect_workers_max_wait=WAIT_FOR_WORKERS_S,
        stop_timeout=NOT_GIVEN,
        num_users=USERS,
        spawn_rate=float(SPAWN_RATE),
    )


def _add_receiver(add: Add) -> None:
    """Who is tested, how what it booked is seen, and by which simulator."""
    add("--receiver", "The receiver's URL: every event is delivered there.", metavar="URL", default="")
    add("--observe-url", "Effects: a JSON list, of ids or of objects.", metavar="URL", default="")
    add(
        "--observe-sql",
        "Effects: a row each; sqlite:///FILE is built in.",
        metavar=("DSN", "QUERY"),
        nargs=2,
        default=None,
    )
    add("--observe-cmd", "Effects: a line of output each.", metavar="CMD", default="")
    add("--observe-sink", "Effects: what the receiver told /_sim/sink/NAME.", metavar="NAME", default="")
    add(
        "--observe-key",
        "Where an effect has the event's id, or 'business'.",
        metavar="PATH",
        default="webhookEventId",
    )
    add("--simulator", "Use the simulator there; without, one is started for the run.", metavar="URL", default="")
    add("--simulator-token", "That simulator's /_sim token.", metavar="TOKEN", default="", env_var="FRONTSIM_TOKEN")


def _add_load(add: Add, plan: Plan) -> None:
    """What is sent, how fast, and what is broken."""
    add("--seed", "Repeats a run, against a receiver that has not seen it.  [default: drawn, and told]", type=int)
    add("--mix", "Event types and weights, such as SaleCreated=3,CustomerCreated=1.", metavar="MIX", default="")
    add("--pace", "Deliveries a second of each user; 0: as fast as it can.", type=float, default=0.0)
    add("--unsent-share", "Share of deliveries that never leave.", type=float, default=plan.shares.unsent)
    add("--lost-share", "Share of answers that are ignored.", type=float, default=plan.shares.lost)
    add(
        "--late-share",
        "Share of deliveries that arrive together with their resend.",
        type=float,
        default=plan.shares.late,
    )
    add("--resend-after", "Seconds between two runs of the list -> resend job.", type=float, default=3.0)
    add("--down-from", "downtime: seconds from the start.  [default: a third of the run]", type=float, default=None)
    add("--down-to", "downtime: seconds from the start.  [default: two thirds]", type=float, default=None)
    add("--backlog", "resend_storm: failed events of a storm, for each sending process.", type=int, default=2000)
    add("--day-seconds", "store_day: how long the day lasts.", type=float, default=120.0)
    add("--event-rate", "api: events that the shop raises a second.", type=float, default=40.0)
    add("--answer-timeout", "Seconds that the receiver may take to answer.", type=float, default=10.0)
    add("--insecure", "Take any certificate of the receiver.", action="store_true", default=False)
    add("--lease-ttl", "Seconds after which a dead worker's deliveries are unknown.", type=float, default=None)


def _add_verdict(add: Add) -> None:
    """What is looked at, when it is judged, and where the verdict goes."""
    add("--check-content", "Compare what effects carry with what was sent.", action="store_true", default=False)
    add("--settle", "Effects are judged when unchanged for so many seconds.", type=float, default=0.5)
    add("--end-timeout", "Seconds that resends and settling may take at the end.", type=float, default=120.0)
    add("--live", "Seconds between two looks at effects during the run; 0: none.", type=float, default=5.0)
    add("--verdict-json", "Write the verdict as JSON; Locust's --json is its statistics.", metavar="FILE", default="")
    add("--verdict-html", "Write the verdict as a page; Locust's --html is its report.", metavar="FILE", default="")


@dataclass(frozen=True, slots=True)
class Load:
    """What the options come to, for one plan. Times are seconds.

    Raises:
        BadInput: an option is not what it should be.
    """

    plan: Plan
    options: Namespace

    @property
    def mix(self) -> Mapping[str, float]:
        """Event types and their weights."""
        return read_mix(self.options.mix) if self.options.mix else self.plan.mix

    @property
    def shares(self) -> Shares:
        """What is broken by chance."""
        try:
            return Shares(self.options.unsent_share, self.options.lost_share, self.options.late_share)
        except ValueError as error:
            raise BadInput(str(error)) from None

    @property
    def outage(self) -> Outage:
        """When the path is down: the middle third of the run, unless the options say otherwise."""
        if not self.plan.has_outage:
            return NO_OUTAGE
        run_s = self.options.run_time or 30.0
        from_s, to_s = self.options.down_from, self.options.down_to
        from_s = run_s / 3 if from_s is None else from_s
        try:
            return Outage(from_s, from_s + run_s / 3 if to_s is None else to_s)
        except ValueError as error:
            raise BadInput(str(error)) from None

    @property
    def ttl_s(self) -> float:
        """How long a lease lives: a delivery waits up to a second, then takes up to an answer's time."""
        given: float | None = self.options.lease_ttl
        return self.options.answer_timeout + 2 * AFTER_THE_ANSWER_S if given is None else given

    @property
    def stop_timeout_s(self) -> float:
        """What users get to end: Locust's --stop-timeout, by default longer than an answer may take."""
        given = float(self.options.stop_timeout)
        return self.options.answer_timeout + AFTER_THE_ANSWER_S if given == NOT_GIVEN else given

    @property
    def breaks(self) -> bool:
        """Anything is broken by us."""
        return self.plan.has_outage or self.plan.is_polled or self.shares.total > 0

    def fix(self) -> None:
        """Write down what follows from options that only the master has, for the workers to read."""
        outage = self.outage
        self.options.down_from, self.options.down_to = outage.from_s, outage.to_s
        self.options.stop_timeout = self.stop_timeout_s
        if self.options.seed is None:
            self.options.seed = int.from_bytes(os.urandom(4), "big")

    def check(self) -> None:
        """Refuse what cannot work. Raises BadInput."""
        options = self.options
        if not options.receiver:
            raise BadInput("expected --receiver URL, such as http://127.0.0.1:8500/hook")
        if options.observe_sink and not options.simulator:
            raise BadInput("--observe-sink: expected --simulator too: the receiver must know whose sink it tells")
        if options.seed is not None and not 0 <= options.seed <= _LARGEST_SEED:
            raise BadInput(f"--seed: expected 0 to {_LARGEST_SEED}, got {options.seed}")
        for name in ("event_rate", "answer_timeout", "resend_after", "settle", "end_timeout", "backlog", "day_seconds"):
            if getattr(options, name) <= 0:
                raise BadInput(f"--{name.replace('_', '-')}: expected more than 0, got {getattr(options, name)}")
        for name in ("pace", "live"):
            if getattr(options, name) < 0:
                raise BadInput(f"--{name}: expected 0 or more, got {getattr(options, name)}")
        if self.ttl_s <= options.answer_timeout:
            raise BadInput(
                f"--lease-ttl: expected more than --answer-timeout ({options.answer_timeout:g}), got {self.ttl_s:g}: "
                "a delivery must be reported before its lease runs out"
            )
        _ = self.mix, self.shares, self.outage


def read_mix(text: str) -> dict[str, float]:
    """`SaleCreated=3,CustomerCreated=1`; a type without a weight has 1. Raises BadInput."""
    mix: dict[str, float] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, weight = (word.strip() for word in part.partition("="))
        try:
            mix[name] = float(weight) if weight else 1.0
        except ValueError:
            mix[name] = 0.0
        if not 0 < mix[name] <= 1_000_000:
            raise BadInput(f"--mix: expected TYPE=WEIGHT with a weight above 0, got {part!r}")
    if not mix:
        raise BadInput(f"--mix: expected TYPE=WEIGHT,..., got {text!r}")
    return mix
