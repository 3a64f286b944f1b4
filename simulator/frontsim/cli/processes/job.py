"""`frontsim job`: a list -> resend job to learn from, right or broken on purpose."""

import os

import click

from frontsim.cli.output import json_option, show_json, show_table
from frontsim.jobs.registry import BROKEN, CORRECT, find

_NEEDED = ("FRONTSIM_BASE_URL", "FRONTSIM_API_KEY", "FRONTSIM_SUBSCRIPTION_KEY", "FRONTSIM_WEBHOOK_IDS")


@click.command()
@click.option("--broken", "name", default="simple", metavar="NAME", help="A job with a known bug; --list names them.")
@click.option("--list", "only_list", is_flag=True, help="List the jobs and what is wrong with each.")
@json_option
@click.pass_context
def job(ctx: click.Context, name: str, *, only_list: bool, as_json: bool) -> None:
    """Run a list -> resend job once: a small right one, or one that is broken on purpose.

    It is meant to be tested: frontsim verify-recovery --job 'frontsim job --broken only-today'. It reads
    FRONTSIM_BASE_URL, FRONTSIM_API_KEY, FRONTSIM_SUBSCRIPTION_KEY and FRONTSIM_WEBHOOK_IDS.
    """
    variants = [*CORRECT.values(), *BROKEN.values()]
    if only_list:
        if as_json:
            show_json([{"name": each.name, "bug": each.bug, "class": each.expected} for each in variants])
        else:
            rows = [(each.name, each.expected or "-", each.bug) for each in variants]
            show_table(["job", "found as", "what it does"], rows, empty="")
        return
    variant = find(name)
    missing = [variable for variable in _NEEDED if not os.environ.get(variable)]
    if missing:
        raise click.UsageError(f"expected the variable {missing[0]}, as `frontsim verify-recovery` sets it")
    ctx.exit(variant.make(os.environ).run())
