"""The options of load tests, and the values that follow from them.

They are in Locust's parser, so that `--help`, config files and environment variables work for them too, and a master
passes them to its workers. `VERIFY_OPTIONS` declares those that mean the same for `verify`.
"""

import os
import ssl
import sys
from argparse import ArgumentTypeError, Namespace
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from frontsim.domain.delivery_request import DeliveryShape, read_delivery_shape, tls_context
from frontsim.errors import BadInput
from frontsim.load.plan import NO_OUTAGE, Outage, Plan, Shares
from frontsim.settings import ENVIRONMENT_PREFIX, Settings
from frontsim.user_input.configuration import Configuration, delivery_settings, read_configuration
from frontsim.user_input.fields import duration_s
from frontsim.verification.options import VERIFY_OPTIONS
from frontsim.wording import in_a_row, is_or_are

LOOPBACK = "127.0.0.1"
WAIT_FOR_WORKERS_S = 60
NOT_GIVEN = -1.0
USERS, SPAWN_RATE = 10, 50
OBSERVERS = ("observe-url", "observe-sql", "observe-cmd", "observe-sink")
"""The ways to read effects: one that is given replaces those of the configuration file, as in `verify`."""
_AS_VERIFY = ("receiver", *OBSERVERS, "observe-key", "observe-state")
"""The options that say where the receiver is, and how its effects are read."""


class Parser(Protocol):
    """The part of Locust's parser that the options need."""

    def add_argument_group(self, title: str) -> Any:
        """Add a group of options."""

    def set_defaults(self, **values: object) -> None:
        """Replace the defaults of existing options."""


class AddOption(Protocol):
    """Adds one option."""

    def __call__(self, name: str, help_text: str, **details: Any) -> None:
        """Add it; `details` go to `add_argument`."""


def seconds(text: str) -> float:
    """A time as `frontsim verify` takes it. Raises ArgumentTypeError."""
    found = duration_s(text)
    if found is None:
        raise ArgumentTypeError(f"expected a time such as 60, 60s, 5m, 2h or 8d, got {text!r}")
    return found


def add_options(parser: Parser, plan: Plan) -> None:
    """Add the options as a group, which keeps them out of the form on Locust's page.

    Some of Locust's own defaults change to suit CI: it listens on loopback only, and does not wait for ever.
    """
    group = parser.add_argument_group(f"frontsim: {plan.name}")

    def add(name: str, help_text: str, **details: Any) -> None:
        variable = f"FRONTSIM_LOAD_{name.removeprefix('--').replace('-', '_').upper()}"
        times = {"metavar": "TIME"} if details.get("type") is seconds else {}
        group.add_argument(name, help=help_text, **{"env_var": variable, **times, **details})

    group.add_argument("--load-help", action="help", help="Show these options too: Locust's --help lacks them.")
    given = read_configuration(Path.cwd())
    _add_receiver(add, given)
    _add_load(add, plan)
    _add_verdict(add)
    parser.set_defaults(
        web_host=LOOPBACK,
        master_bind_host=LOOPBACK,
        expect_workers_max_wait=WAIT_FOR_WORKERS_S,
        stop_timeout=NOT_GIVEN,
        num_users=USERS,
        spawn_rate=float(SPAWN_RATE),
        observers_of_file={name: value for name, value in given.for_command("load").items() if name in OBSERVERS},
    )


def _add_receiver(add: AddOption, file: Configuration) -> None:
    """Options for the receiver, its effects and the simulator."""
    given = {name: value for name, value in file.for_command("load").items() if name not in OBSERVERS}
    for name in _AS_VERIFY:
        _add_declared(add, name, given.get(name, VERIFY_OPTIONS[name].default))
    _add_delivery(add, delivery_settings(file, os.environ, "serve"))
    add("--simulator", "Use the simulator at this URL; by default the run starts its own.", metavar="URL", default="")
    add("--simulator-token", "Token for that simulator's /_sim.", metavar="TOKEN", default="", env_var="FRONTSIM_TOKEN")


def _add_delivery(add: AddOption, configured: Mapping[str, Any]) -> None:
    """Options for how deliveries look and are sent, as `frontsim serve` has them; `configured` are the defaults."""
    _add_declared(add, "delivery-shape", configured.get("delivery_shape", "bare"))
    _add_declared(
        add,
        "payloads",
        configured.get("payloads", Settings.payloads),
    )
    add(
        "--tls-ca",
        "A PEM file of authorities to trust in addition to the system's.",
        metavar="FILE",
        default=str(configured.get("tls_ca") or ""),
    )
    add(
        "--no-tls-verify",
        "Accept any certificate of the receiver.",
        action="store_true",
        default=not configured.get("tls_verify", True),
    )


def _add_declared(add: AddOption, name: str, default: object, **details: Any) -> None:
    """Add an option that `verify` has, too; two words in its metavar are two values."""
    option = VERIFY_OPTIONS[name]
    words = option.metavar.split()
    if len(words) > 1:
        details |= {"metavar": tuple(words), "nargs": len(words)}
    elif words:
        details["metavar"] = option.metavar
    add(f"--{name}", option.load_help, default=default, **details)


def _add_load(add: AddOption, plan: Plan) -> None:
    """Options for what to send, how fast, and what to break."""
    add(
        "--seed",
        "Repeat a run against a receiver that has not seen it.  [default: FRONTSIM_SEED, else random, and shown]",
        type=int,
        default=os.environ.get(f"{ENVIRONMENT_PREFIX}SEED"),
    )
    add("--mix", "Event types and their weights, such as SaleCreated=3,CustomerCreated=1.", metavar="MIX", default="")
    add("--pace", "Deliveries a second for each user; 0: as many as it can send.", type=float, default=0.0)
    add("--unsent-share", "Share of deliveries that never leave.", type=float, default=plan.shares.unsent)
    add("--lost-share", "Share of answers that the senders ignore.", type=float, default=plan.shares.lost)
    add(
        "--late-share",
        "Share of deliveries that arrive together with their resend.",
        type=float,
        default=plan.shares.late,
    )
    add("--resend-after", "Seconds between two runs of the list -> resend job.", type=seconds, default=3.0)
    add(
        "--down-from",
        "downtime: when it begins, in seconds.  [default: a third of the run]",
        type=seconds,
        default=None,
    )
    add(
        "--down-to",
        "downtime: when it ends, in seconds.  [default: two thirds of the run]",
        type=seconds,
        default=None,
    )
    add("--backlog", "resend_storm: failed events in a storm, for each sending process.", type=int, default=2000)
    add("--day-seconds", "store_day: seconds that the day lasts.", type=seconds, default=120.0)
    add("--event-rate", "api: events a second that the simulator raises.", type=float, default=40.0)
    add("--answer-timeout", "Seconds that the receiver may take to answer.", type=seconds, default=10.0)
    add("--insecure", "As --no-tls-verify.", action="store_true", default=False)
    add("--lease-ttl", "Seconds after which a dead worker's deliveries count as unknown.", type=seconds, default=None)


def _add_verdict(add: AddOption) -> None:
    """Options for what to compare, when to judge, and where to write the verdict."""
    add(
        "--check-content",
        "Compare the payload in each effect with what was sent.",
        action="store_true",
        default=False,
    )
    add("--settle", "Judge effects when they have not changed for this many seconds.", type=seconds, default=0.5)
    add(
        "--end-timeout",
        "Seconds that resends and the wait for effects may take at the end.",
        type=seconds,
        default=120.0,
    )
    add("--live", "Seconds between two looks at the effects during the run; 0: none.", type=seconds, default=5.0)
    add("--verbose", "Print Locust's tables, too, and not the verdict alone.", action="store_true")
    add("--verdict-json", "Write the verdict as JSON; Locust's --json is its statistics.", metavar="FILE", default="")
    add("--verdict-html", "Write the verdict as a page; Locust's --html is its statistics.", metavar="FILE", default="")


_TABLES = ("print_stats", "print_percentile_stats", "print_error_report")


def say_less(options: Any, stats: Any, *, has_shape: bool) -> None:
    """Leave out Locust's tables, and name what a plan with hours of its own ignores.

    `stats` is Locust's module, which prints them. With --verbose everything is printed; Locust's --json is no table.
    """
    if not options.verbose:
        options.only_summary = True  # Locust begins to print each second only after this
        for name in _TABLES:
            setattr(stats, name, lambda *_, **__: None)
    ignored = [name for name, value in (("-t", options.run_time), ("-r", options.spawn_rate != SPAWN_RATE)) if value]
    if has_shape and ignored:
        sys.stderr.write(
            f"{in_a_row(ignored)} {is_or_are(len(ignored))} ignored: "
            "the day has its own hours, --day-seconds says how long\n"
        )


AFTER_THE_ANSWER_S = 5
"""Seconds beyond the longest answer for a user to end, and for its lease to be reported."""
_LARGEST_SEED = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Load:
    """The options of one run, and the values that follow from them and the plan. Times are seconds.

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
    def observers(self) -> Mapping[str, Any]:
        """The ways to read effects, by their names in a `Request`: those that were given, else those of the file."""
        given = {name: value for name in OBSERVERS if (value := getattr(self.options, name.replace("-", "_")))}
        found = {name.replace("-", "_"): value for name, value in (given or self.options.observers_of_file).items()}
        return {**found, "observe_sql": tuple(found["observe_sql"])} if found.get("observe_sql") else found

    @property
    def shape(self) -> DeliveryShape:
        return read_delivery_shape(self.options.delivery_shape)

    @property
    def tls(self) -> dict[str, Any]:
        """The TLS settings of everything that talks to the receiver, by the names of `Settings`."""
        options = self.options
        return {
            "tls_verify": not (options.insecure or options.no_tls_verify),
            "tls_ca": Path(options.tls_ca) if options.tls_ca else None,
        }

    def tls_context(self) -> ssl.SSLContext:
        """Builds the TLS settings of senders. Raises Unusable: the file of authorities cannot be read."""
        return tls_context(verify=self.tls["tls_verify"], ca=self.tls["tls_ca"])

    @property
    def shares(self) -> Shares:
        """The shares of deliveries that chance breaks."""
        try:
            return Shares(self.options.unsent_share, self.options.lost_share, self.options.late_share)
        except ValueError as error:
            raise BadInput(str(error)) from None

    @property
    def outage(self) -> Outage:
        """When the path is down: by default the middle third of the run."""
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
        """How long a lease lives: a delivery waits up to a second, then takes as long as an answer may."""
        given: float | None = self.options.lease_ttl
        return self.options.answer_timeout + 2 * AFTER_THE_ANSWER_S if given is None else given

    @property
    def stop_timeout_s(self) -> float:
        """How long users may take to end: Locust's --stop-timeout, by default longer than an answer may take."""
        given = float(self.options.stop_timeout)
        return self.options.answer_timeout + AFTER_THE_ANSWER_S if given == NOT_GIVEN else given

    @property
    def breaks(self) -> bool:
        """An outage, polling or chance makes this load test break something."""
        return self.plan.has_outage or self.plan.is_polled or self.shares.total > 0

    def fix(self) -> None:
        """Fix the values that only the master can decide, so that the workers get the same ones."""
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
        if self.observers.get("observe_sink") and not options.simulator:
            raise BadInput("--observe-sink: expected --simulator too: the receiver must know where to post")
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
        _ = self.mix, self.shares, self.outage, self.shape, self.tls_context()


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
