"""What the options of `frontsim verify` ask for: the request, how fast to play, and which simulators."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from typing import Any

import click
from click.core import ParameterSource

from frontsim.client.control import control_url
from frontsim.settings import Settings, of_delivery
from frontsim.simulator_process import SimulatorProcess, StartSimulator
from frontsim.verification.play.harness import TimeLimits
from frontsim.verification.request import Address, Request
from frontsim.verification.schedule import Pace, usual_pace

_OBSERVERS = ("observe_url", "observe_sql", "observe_cmd", "observe_sink", "observe_import")
_RANKS = (ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT, ParameterSource.DEFAULT_MAP)
_BUDGET_S, _BUDGET_WITH_KILLS_S = 120.0, 240.0


def with_nearest_observer(ctx: click.Context, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options with the way to read effects that was given nearest: a flag replaces what the file says.

    Two ways that were given side by side stay, and are refused later.
    """
    ranks = {name: _RANKS.index(ctx.get_parameter_source(name)) for name in _OBSERVERS if options.get(name)}
    farther = [name for name, rank in ranks.items() if rank > min(ranks.values())]
    return {**options, **{name: type(options[name])() for name in farther}}


def request_of(options: Mapping[str, Any]) -> Request:
    """What the options ask for: each field of `Request` has the option of its name."""
    named = {item.name: options[item.name] for item in fields(Request) if item.name in options}
    delivery = {item.name: options[item.name] for item in of_delivery() if item.name not in named}
    names = ("settle_s", "timeout_s", "answer_s", "memory_s", "travel_s")
    limits = TimeLimits(**{name: options[name] for name in names})
    return Request(**named, limits=limits, delivery=delivery)


def pace_of(options: Mapping[str, Any]) -> Pace:
    """How fast to play: a receiver that is killed, and a simulator that is shared, take one scenario at a time."""
    return usual_pace(
        one_at_a_time=bool(options["receiver_cmd"] or options["base_url"]),
        jobs=options["jobs"],
        budget_s=options["budget_s"] or (_BUDGET_WITH_KILLS_S if options["receiver_cmd"] else _BUDGET_S),
    )


@contextmanager
def simulators_of(
    options: Mapping[str, Any], begun: SimulatorProcess | None = None
) -> Iterator[StartSimulator | Address]:
    """The simulator of --base-url, or a process that hosts one for each scenario: `begun`, if there is one already.

    Raises Unusable.
    """
    if options["base_url"]:
        if begun:
            begun.close()
        yield _named_simulator(options)
        return
    with begun or SimulatorProcess() as process:
        yield process.start


def _named_simulator(options: Mapping[str, Any]) -> Address:
    """The simulator of --base-url, with the keys of the environment."""
    return Address(
        options["base_url"],
        control_url(options["base_url"]),
        options["token"],
        api_key=os.environ.get("FRONTSIM_API_KEY", Settings.api_key),
        subscription_key=os.environ.get("FRONTSIM_SUBSCRIPTION_KEY", Settings.subscription_key),
    )
