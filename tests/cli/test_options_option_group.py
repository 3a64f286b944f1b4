import click
from click.testing import CliRunner

from frontsim.cli.options import option_group, seconds_option


@click.command()
@option_group(click.option("--one"), click.option("--two", is_flag=True))
def command(**options):
    click.echo(options)


def test_the_command_gets_the_options_in_their_order():
    assert {"one": "1", "two": True} == command.make_context("x", ["--two", "--one", "1"]).params
    lines = CliRunner().invoke(command, ["--help"]).output.splitlines()
    assert ["--one", "--two"] == [line.split()[0] for line in lines if line.startswith("  --")][:2]


@click.command()
@seconds_option("--timeout", "timeout_s", least=1, most=60, default=5, help_text="How long to wait.")
def waiting(**options):
    click.echo(options)


def test_seconds_are_a_number_within_bounds():
    assert {"timeout_s": 5} == waiting.make_context("x", []).params
    assert {"timeout_s": 60} == waiting.make_context("x", ["--timeout", "60"]).params
    assert {"timeout_s": 30} == waiting.make_context("x", ["--timeout", "30s"]).params
    assert "[default: 5]" in CliRunner().invoke(waiting, ["--help"]).output
    for wrong in ("0.5", "2m", "-1", "nan"):
        refused = CliRunner().invoke(waiting, ["--timeout", wrong])
        assert (2, True) == (refused.exit_code, "from 1 s to 60 s" in refused.output)
