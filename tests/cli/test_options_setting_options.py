from dataclasses import fields

import click

from frontsim.cli.options import delivery_options, setting_options
from frontsim.settings import Settings


@click.command()
@setting_options
def every(**_):
    """A command with every setting."""


@click.command()
@delivery_options
def some(**_):
    """A command with the settings of deliveries."""


def test_each_setting_is_an_option_with_its_default():
    """Without options, a command has just the settings' defaults."""
    given = every.make_context("every", []).params
    assert {item.name: item.default for item in fields(Settings)} == given


def test_the_settings_of_deliveries_are_a_part():
    """A setting that is true by default can be switched off."""
    given = some.make_context("some", ["--no-tls-verify", "--event-id-header", "X-Id"]).params
    assert (False, "X-Id", False) == (given["tls_verify"], given["event_id_header"], "port" in given)
