"""`relay`: real events straight to a receiver at the desk."""

import os
import time
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from frontsim.cli.commands.records import (
    live,
    moment_text,
    own_simulator,
    refuse_remote,
    to_options,
    token_option,
)
from frontsim.cli.connection import Api, ControlConnection, api_options
from frontsim.cli.options import Duration, delivery_options, option_group
from frontsim.cli.output import say
from frontsim.client.http import is_loopback, read_url
from frontsim.client.reconcile_state import default_file, locked
from frontsim.client.relay import Relay, RelayOptions, RelayState
from frontsim.clock import WireTime
from frontsim.errors import FrontsimError
from frontsim.user_input.configuration import read_settings


@click.command()
@to_options
@option_group(
    click.option("--failed", is_flag=True, help="Only events that were not received: success=false."),
    click.option(
        "--since",
        metavar="TIME",
        callback=moment_text,
        help="Relay what was raised since.  [default: now, or as the state says]",
    ),
    click.option(
        "--every",
        "every_s",
        type=Duration(most_s=86_400),
        metavar="TIME",
        help="How often to read the log.  [default: 30s, and 5s for an API on this machine]",
    ),
    click.option(
        "--state",
        "state_file",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="What was relayed, and the relay's lock.  [default: a file for each API in FRONTSIM_STATE_DIR, or in "
        "XDG_STATE_HOME/frontsim]",
    ),
    click.option(
        "--through", metavar="URL", help="Deliver through the simulator of this base URL, not one of its own."
    ),
    click.option("-q", "--quiet", is_flag=True, help="Print no deliveries."),
    token_option,
    delivery_options,
)
@api_options
def relay(
    api: Api,
    *,
    to: str,
    since: str | None,
    every_s: float | None,
    state_file: Path | None,
    through: str | None,
    token: str,
    allow_remote: bool,
    failed: bool,
    quiet: bool,
    **delivery: Any,
) -> None:
    """Bring real events to a receiver at your desk, without a tunnel: read the log, and deliver what is new.

    The API is only read, and nothing is resent there. Each event comes at least once: a receiver that is down, or does
    not answer with a 2xx, gets it again with growing pauses, over restarts of the relay, too.

    Ctrl-C ends it; the next start goes on where it was.
    """
    refuse_remote(to, allowed=allow_remote)
    settings = read_settings(**delivery)
    every_s = every_s or (5.0 if is_loopback(read_url(api.base_url).host) else 30.0)
    moment = None if since is None else datetime.fromtimestamp(WireTime(settings.zone).read(since) / 1000, UTC)
    file = state_file or default_file(api.base_url, os.environ, of="relay")
    with ExitStack() as stack:
        if not stack.enter_context(locked(file)):
            raise FrontsimError(f"end the other relay first, or name another --state: one is running with {file}")
        state = RelayState.read(file, moment or datetime.now(UTC))
        show, vendor = stack.enter_context(live()), stack.enter_context(api.open())
        if through is None:
            simulator, front = stack.enter_context(own_simulator(delivery))
        else:
            simulator = stack.enter_context(ControlConnection(through, token).open())
            front = stack.enter_context(replace(api, base_url=through).open())
        if not quiet:
            show(simulator)
        state.write()  # the moment from which it relays outlives a kill before the first poll
        options = RelayOptions(to, settings.zone, every_s, moment, failed)
        relaying = Relay(
            vendor, simulator, front, state, options, say=say, now=lambda: datetime.now(UTC), sleep=time.sleep
        )
        say(f"reading {api.base_url} every {every_s:g} s; what was relayed is noted in {file}; Ctrl-C ends it")
        while True:
            time.sleep(relaying.step())
