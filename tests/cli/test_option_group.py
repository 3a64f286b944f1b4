import click
from click.testing import CliRunner

from frontsim.cli.option_group import option_group


@click.command()
@option_group(click.option("--one"), click.option("--two", is_flag=True))
def command(**options):
    click.echo(options)


def test_the_command_gets_the_options_in_their_order():
    assert {"one": "1", "two": True} == command.make_context("x", ["--two", "--one", "1"]).params
    lines = CliRunner().invoke(command, ["--help"]).output.splitlines()
    assert ["--one", "--two"] == [line.split()[0] for line in lines if line.startswith("  --")][:2]
