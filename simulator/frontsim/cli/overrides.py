"""`--set`, `--payload`, `--param`: values that a user writes on the command line, read as JSON where they are.

`--set total=12.5` is a number, `--set note=hello` a text. Digits are a number, too; a payload's field that takes text
alone takes them as text.
"""

import math
from collections.abc import Mapping
from typing import BinaryIO

import click

from frontsim.cli.option_group import option_group
from frontsim.errors import BadInput
from frontsim.user_input.assignments import read_assignments
from frontsim.user_input.fields import shown_briefly
from frontsim.user_input.json_depth import read_json


def assignments(_: click.Context, param: click.Parameter, texts: tuple[str, ...]) -> Mapping[str, object]:
    """The callback of a repeatable option that takes `name=value`: what it names, by name.

    Raises:
        click.BadParameter: there is no `=`, or a name comes twice.
    """
    try:
        return read_assignments(texts)
    except BadInput as error:
        raise click.BadParameter(str(error), param=param) from None


def _payload(_: click.Context, __: click.Parameter, file: BinaryIO | None) -> Mapping[str, object] | None:
    if file is None:
        return None
    try:
        value = read_json(file.read())
    except OSError as error:
        raise click.BadParameter(f"expected a file that can be read, got {error}", param_hint="--payload") from None
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--payload") from None
    if not isinstance(value, dict):
        raise click.BadParameter(f"expected a JSON object, got {shown_briefly(value)}", param_hint="--payload")
    return value


def finite(_: click.Context, param: click.Parameter, number: float | None) -> float | None:
    """The callback of an option that takes a number: JSON has none that is not finite."""
    if number is not None and not math.isfinite(number):
        raise click.BadParameter(f"expected a number, got {number}", param=param)
    return number


payload_options = option_group(
    click.option("--store", type=int, metavar="ID", help="The store where it happens."),
    click.option(
        "--set",
        "changes",
        metavar="PATH=VALUE",
        multiple=True,
        callback=assignments,
        help="Change a field: a dotted path, =, and JSON or a text. Repeatable.",
    ),
    click.option(
        "--payload",
        "whole",
        type=click.File("rb"),
        callback=_payload,
        metavar="FILE",
        help="A JSON object to send instead of a generated payload; - reads standard input.",
    ),
    click.option("--invalid", is_flag=True, help="Accept a payload that breaks the type's schema."),
)
"""`--store`, `--set`, `--payload` and `--invalid`: `store`, `changes`, `whole` and `invalid` in the command."""
