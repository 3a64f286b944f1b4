"""A choice of words on the command line."""

from typing import Any

import click

from frontsim.user_input.near import near


class NearChoice(click.Choice[str]):
    """A choice that offers the right word for a mistyped one, before it lists all."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The word as it was declared."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter as error:
            hint = near(str(value), self.choices).strip(" ()")
            raise click.BadParameter(f"{hint} {error.message}".strip(), ctx, param) from None
