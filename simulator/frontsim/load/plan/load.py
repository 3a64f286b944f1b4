"""What a load test does: the values that follow from its plan and its options, and what cannot work."""

import os
import ssl
from argparse import Namespace
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from frontsim.domain.delivery_shape import DeliveryShape
from frontsim.domain.delivery_shape_file import read_delivery_shape
from frontsim.errors import BadInput
from frontsim.load.plan.delivery_faults import NO_OUTAGE, Outage, Shares
from frontsim.load.plan.options import NOT_GIVEN, OBSERVERS
from frontsim.load.plan.plans import Plan
from frontsim.tls import tls_context

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
        """What senders use. Raises Unusable: the file of authorities cannot be read."""
        return tls_context(verify=self.tls["tls_verify"], ca=self.tls["tls_ca"])

    @property
    def shares(self) -> Shares:
        """What is broken by chance."""
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
        """Whether this load test breaks anything."""
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
