"""`--from` and `--to`: the window of the log that a command is about."""

from datetime import UTC, date, datetime, timedelta, timezone

import click

from frontsim.cli.option_group import Decorator, option_group
from frontsim.client.vendor import When

_WESTMOST, _EASTMOST = timezone(timedelta(hours=-12)), timezone(timedelta(hours=14))


def window_options(*, days: int) -> Decorator:
    """Give a command `from_` and `to`: what the user wrote, or else the last `days` days."""

    def or_default(_: click.Context, param: click.Parameter, text: str | None) -> When:
        return text or last_days(days, datetime.now(UTC))[param.name == "to"]

    return option_group(
        click.option(
            "--from",
            "from_",
            metavar="WHEN",
            callback=or_default,
            help=f"Created since: 2021-12-01, or '2021-12-01 08:50:46.02'.  [default: {days} days ago]",
        ),
        click.option(
            "--to",
            metavar="WHEN",
            callback=or_default,
            help="Created before. Give it if you have moved a simulator's clock ahead.  [default: tomorrow]",
        ),
    )


def last_days(days: int, now: datetime) -> tuple[date, date]:
    """The dates `from` and `to` of the last `days` days and all of today, whatever zone the API's dates are in.

    Args:
        days: how many.
        now: the present, with a zone.
    """
    earliest = (now - timedelta(days=days)).astimezone(_WESTMOST).date()
    return earliest, now.astimezone(_EASTMOST).date() + timedelta(days=1)
