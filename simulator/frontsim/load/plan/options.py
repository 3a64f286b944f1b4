"""The options that the load tests add to Locust's own.

They are in Locust's parser, so that `--help`, config files and environment variables work for them too, and a master
passes them to its workers. `VERIFY_OPTIONS` declares those that mean the same for `verify`.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from frontsim.load.plan.plans import Plan
from frontsim.settings import ENVIRONMENT_PREFIX, Settings, of_delivery
from frontsim.user_input.configuration import Configuration, delivery_settings, read_configuration
from frontsim.verification.option_table import VERIFY_OPTIONS

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


def add_options(parser: Parser, plan: Plan) -> None:
    """Add the options as a group, which keeps them out of the form on Locust's page.

    Some of Locust's own defaults change to suit CI: it listens on loopback only, and does not wait for ever.
    """
    group = parser.add_argument_group(f"frontsim: {plan.name}")

    def add(name: str, help_text: str, **details: Any) -> None:
        variable = f"FRONTSIM_LOAD_{name.removeprefix('--').replace('-', '_').upper()}"
        group.add_argument(name, help=help_text, **{"env_var": variable, **details})

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
        choices=next(item.metadata["rule"].choices for item in of_delivery() if item.name == "payloads"),
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
    add("--resend-after", "Seconds between two runs of the list -> resend job.", type=float, default=3.0)
    add(
        "--down-from",
        "downtime: when it begins, in seconds.  [default: a third of the run]",
        type=float,
        default=None,
    )
    add(
        "--down-to",
        "downtime: when it ends, in seconds.  [default: two thirds of the run]",
        type=float,
        default=None,
    )
    add("--backlog", "resend_storm: failed events in a storm, for each sending process.", type=int, default=2000)
    add("--day-seconds", "store_day: seconds that the day lasts.", type=float, default=120.0)
    add("--event-rate", "api: events a second that the simulator raises.", type=float, default=40.0)
    add("--answer-timeout", "Seconds that the receiver may take to answer.", type=float, default=10.0)
    add("--insecure", "As --no-tls-verify.", action="store_true", default=False)
    add("--lease-ttl", "Seconds after which a dead worker's deliveries count as unknown.", type=float, default=None)


def _add_verdict(add: AddOption) -> None:
    """Options for what to compare, when to judge, and where to write the verdict."""
    add(
        "--check-content",
        "Compare the payload in each effect with what was sent.",
        action="store_true",
        default=False,
    )
    add("--settle", "Judge effects when they have not changed for this many seconds.", type=float, default=0.5)
    add(
        "--end-timeout",
        "Seconds that resends and the wait for effects may take at the end.",
        type=float,
        default=120.0,
    )
    add("--live", "Seconds between two looks at the effects during the run; 0: none.", type=float, default=5.0)
    add("--verdict-json", "Write the verdict as JSON; Locust's --json is its statistics.", metavar="FILE", default="")
    add("--verdict-html", "Write the verdict as a page; Locust's --html is its statistics.", metavar="FILE", default="")
