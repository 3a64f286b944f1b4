"""What `verify` and `verify-recovery` have in common besides the files: how a run is asked for, shown and ended."""

import os
import shutil
import sys
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import click

from frontsim.cli.option_group import Decorator, option_group
from frontsim.cli.output import shown, wrapped
from frontsim.cli.verification.report_files import STANDARD_OUTPUT, put
from frontsim.settings import ENVIRONMENT_PREFIX
from frontsim.verification.option_table import VERIFY_OPTIONS

_LARGEST_DRAWN_SEED = 2**31
_STYLES = {"VERIFIED": "green", "VIOLATED": "red", "UNKNOWN": "yellow"}


class Listed(Protocol):
    """A scenario or a case, as `--list` shows it."""

    @property
    def name(self) -> str: ...
    @property
    def breaks(self) -> str: ...
    @property
    def holds(self) -> str: ...


def run_options(*, play: str, strict: str = "") -> Decorator:
    """`--seed`, `--strict`, `--show-secrets` and `--list`.

    Args:
        play: what a run consists of: scenario or case.
        strict: what `--strict` does besides.
    """
    return option_group(
        click.option(
            "--seed",
            type=click.IntRange(0, int(VERIFY_OPTIONS["seed"].most)),
            callback=_or_drawn,
            envvar=f"{ENVIRONMENT_PREFIX}SEED",
            show_envvar=True,
            help=VERIFY_OPTIONS["seed"].help,
        ),
        click.option("--strict", is_flag=True, help=f"A skipped {play} makes the verdict unknown{strict}."),
        click.option(
            "--show-secrets", is_flag=True, help="Mask nothing: show URLs and commands whole, at your own desk."
        ),
        click.option("--list", "only_list", is_flag=True, help=f"List the {play}s and what each is for."),
    )


def _or_drawn(_: click.Context, __: click.Parameter, seed: int | None) -> int:
    return int.from_bytes(os.urandom(8), "big") % _LARGEST_DRAWN_SEED if seed is None else seed


def is_quiet(options: Mapping[str, Any]) -> bool:
    """Whether standard output belongs to the JSON, so that everything else goes to standard error."""
    return bool(options["json_file"] == STANDARD_OUTPUT)


def show_list(items: Iterable[Listed], as_json: bytes, options: Mapping[str, Any]) -> None:
    """Print what `--list` shows, and write it as JSON where `--json` says."""
    if options["json_file"]:
        put(options["json_file"], as_json)
    if is_quiet(options):
        return
    for each in items:
        needed = getattr(each, "needs", ())
        needs = f"  (needs {' and '.join(needed)})" if needed else ""
        click.secho(f"{each.name}{needs}", bold=True)
        click.echo(f"  {each.breaks}\n  {each.holds}\n")


def say(lines: Iterable[str], *, quiet: bool) -> None:
    """Print the summary; a terminal gets prose broken between words, but commands whole, so that they can be copied."""
    is_terminal = (sys.stderr if quiet else sys.stdout).isatty()
    width = shutil.get_terminal_size().columns
    for line in map(shown, lines):
        word = line.partition(":")[0]
        is_prose = is_terminal and not word.strip().startswith("Again")
        text = wrapped(line, width=width) if is_prose else line
        click.secho(text, fg=_STYLES.get(word), bold=word in _STYLES, err=quiet)
