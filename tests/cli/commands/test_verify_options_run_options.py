import click
import pytest
from click.testing import CliRunner

from frontsim.cli.commands.verify_options import run_options, say


@click.command()
@run_options(play="case")
def command(**options):
    click.echo(options["seed"])


def test_a_seed_is_taken_or_drawn():
    """A drawn seed is short enough to type."""
    assert "9\n" == CliRunner().invoke(command, ["--seed", "9"]).output
    drawn = {int(CliRunner().invoke(command, []).output) for _ in range(3)}
    assert len(drawn) > 1
    assert max(drawn) < 2**31


def test_the_help_names_what_is_played():
    assert "A skipped case makes the verdict unknown." in CliRunner().invoke(command, ["--help"]).output


def test_a_summary_is_plain_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]):
    """Long lines stay whole; what does not print is shown as an escape; quiet means standard error."""
    say(["x" * 200, "a\x1bb"], quiet=False)
    say(["VERIFIED: y"], quiet=True)
    assert (f"{'x' * 200}\na\\x1bb\n", "VERIFIED: y\n") == capsys.readouterr()
