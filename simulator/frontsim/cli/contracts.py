"""`--contracts`: the event types that a command knows, bundled and the user's own."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from frontsim import catalog
from frontsim.catalog import Catalog

contracts_option: Callable[[Callable[..., Any]], Callable[..., Any]] = click.option(
    "--contracts",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    envvar="FRONTSIM_CONTRACTS",
    show_envvar=True,
    help="A folder with your own event types and schemas, in addition to the bundled ones.",
)
"""Gives a command `contracts`, a folder or None."""


def load(contracts: Path | None) -> Catalog:
    """The bundled types, and those of the user's folder.

    Raises:
        Unusable: the folder is not as it should be; the text names the file and the key.
    """
    return catalog.load() if contracts is None else catalog.load(contracts)
