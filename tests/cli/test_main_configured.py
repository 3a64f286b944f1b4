"""Every command reads the configuration file: flag over environment over file over default."""

from urllib.parse import urlsplit

import click
import pytest

from frontsim.cli.main import defaults
from frontsim.user_input.configuration import read_configuration


@pytest.fixture
def configured(tmp_path, monkeypatch):
    """Writes the file of the current folder."""
    monkeypatch.chdir(tmp_path)
    return (tmp_path / "frontsim.toml").write_text


def test_a_flag_beats_the_environment_beats_the_file(run, configured, monkeypatch):
    """Of the seed of a payload: each seed makes another."""
    bare = run("payload", "SaleCreated", "--seed", "7").stdout
    configured("seed = 7")
    assert bare == run("payload", "SaleCreated").stdout
    assert bare != run("payload", "SaleCreated", "--seed", "8").stdout
    configured("seed = 8\n[payload]\nseed = 7")
    assert bare == run("payload", "SaleCreated").stdout


def test_the_environment_beats_the_file(run, configured, api):
    """FRONTSIM_BASE_URL names the API of this test; the file names another."""
    configured('base-url = "http://127.0.0.1:1/api"')
    api.routes["GET /api/Webhooks"] = []
    assert 0 == run("webhooks", "list").exit_code


def test_another_file_is_named_before_or_behind_the_command(run, configured, tmp_path, monkeypatch):
    """`--config` beats `FRONTSIM_CONFIG`; the file of the folder is then not even read."""
    configured("seed =")
    (tmp_path / "other.toml").write_text("seed = 7")
    wanted = run("--config", "other.toml", "payload", "SaleCreated")
    assert 0 == wanted.exit_code
    assert f"Configuration: {tmp_path / 'other.toml'}" in wanted.stderr
    monkeypatch.setenv("FRONTSIM_CONFIG", "nowhere.toml")
    assert wanted.stdout == run("payload", "SaleCreated", "--config", "other.toml").stdout
    monkeypatch.setenv("FRONTSIM_CONFIG", "other.toml")
    assert wanted.stdout == run("payload", "SaleCreated").stdout


def test_the_host_that_gets_the_environments_key_is_printed(run, configured, api, monkeypatch):
    """A file names the host, the environment the key: neither may be meant for the other."""
    api.routes["GET /api/Webhooks"] = []
    monkeypatch.setenv("FRONTSIM_API_KEY", "k")
    line = f"FRONTSIM_API_KEY: sent to {urlsplit(api.base_url).netloc}, which the configuration file names"
    assert line not in run("webhooks", "list").stderr
    monkeypatch.delenv("FRONTSIM_BASE_URL")
    configured(f'base-url = "{api.base_url}"')
    assert line in run("webhooks", "list").stderr
    assert line not in run("webhooks", "list", "--api-key", "mine").stderr


def test_a_warning_of_the_file_is_printed(run, configured, tmp_path):
    configured("seed = 7")
    (tmp_path / "frontsim.toml").chmod(0o666)
    assert "Warning: " in run("payload", "SaleCreated").stderr


def test_a_misspelt_key_is_refused_with_the_right_one(run, configured):
    configured('recevier = "http://127.0.0.1:8500/hook"')
    done = run("types")
    assert 3 == done.exit_code
    assert "expected the name of an option, got 'recevier' (did you mean 'receiver'?)" in done.stderr


def test_a_key_of_another_command_is_no_mistake_at_the_top(run, configured):
    configured('receiver = "http://127.0.0.1:8500/hook"')
    assert 0 == run("types").exit_code
    configured('[types]\nreceiver = "http://127.0.0.1:8500/hook"')
    assert 3 == run("types").exit_code


def test_lists_flags_and_paths(tmp_path):
    """A list stands for commas where one text is taken; a path starts from the file's folder."""
    (tmp_path / "frontsim.toml").write_text(
        'events = ["A", "B"]\nname = ["x", "y"]\nobserve-sql = ["dsn", "query"]\nstrict = true\ndb = "a.db"'
    )

    @click.command()
    @click.option("--events")
    @click.option("--name", multiple=True)
    @click.option("--observe-sql", nargs=2)
    @click.option("--strict", is_flag=True)
    @click.option("--db", "file", type=click.Path())
    def command(): ...

    found = defaults(read_configuration(tmp_path), command, "command", known=set)
    assert {
        "events": "A,B",
        "name": ["x", "y"],
        "observe_sql": ["dsn", "query"],
        "strict": True,
        "file": tmp_path / "a.db",
    } == found


def test_the_key_that_is_no_option_is_verifys_alone(run, configured, tmp_path):
    """`scenarios` adds files to the bundled ones, and no other command minds it."""
    (tmp_path / "found-1-2.toml").write_text('breaks = "It is so."\nholds = "It is."\n[[step]]\ndo = "raise"\n')
    configured('scenarios = ["found-1-2.toml"]')
    assert 0 == run("payload", "SaleCreated").exit_code
    listed = run("verify", "--list").stdout
    assert "steady\n" in listed
    assert "found-1-2\n" in listed


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("[servee]\nport = 8410", "expected the name of a command as a table, got [servee] (did you mean 'serve'?)"),
        ("[webhooks.creat]\nstore = 5", "a command as a table, got [webhooks.creat] (did you mean 'create'?)"),
        ("[types.json]\na = 1", "expected the name of a command as a table, got [types.json]"),
        ("[payload]\ncount = 2.5", "payload.count: expected a whole number, got 2.5"),
        ("count = true", "count: expected a whole number, got True"),
        ("[payload]\ncount = -1", "payload.count: -1 is not in the range"),
        ('payloads = "odd"', "payloads: 'odd' is not one of 'strict', 'typical', 'adversarial'"),
    ],
)
def test_what_is_wrong_is_told_with_the_file_and_the_key(run, configured, tmp_path, text, wrong):
    """One line: a user who typed no option would look in vain for one."""
    configured(text)
    done = run("payload", "SaleCreated")
    assert 3 == done.exit_code
    assert f"Error: {tmp_path / 'frontsim.toml'}: " in done.stderr
    assert wrong in done.stderr
    assert "Usage:" not in done.stderr


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ('events = ["SaleCreated", "SaleCreatedd"]', "events: expected an event type of the catalogue"),
        ("receiver = 5", "receiver: expected the receiver's URL"),
        ('strict = "maybe"', "strict: expected true or false, got 'maybe'"),
        ('delivery-shape = "odd"', "delivery-shape: expected a shape or a TOML or JSON file, got 'odd'"),
        ('observe-map = "nowhere.toml"', "observe-map: expected a file that can be read"),
    ],
)
def test_a_value_that_only_the_command_understands_has_its_key_too(run, configured, tmp_path, text, wrong):
    receiver = "" if text.startswith("receiver") else 'receiver = "http://127.0.0.1:1/hook"'
    configured(f'observe-url = "http://127.0.0.1:1/effects"\n{receiver}\n{text}')
    done = run("verify")
    assert 3 == done.exit_code
    assert f"Error: {tmp_path / 'frontsim.toml'}: {wrong}" in done.stderr


def test_a_value_that_was_typed_is_not_the_files(run, configured):
    configured("[payload]\ncount = 1")
    done = run("payload", "SaleCreated", "--count", "-1")
    assert 3 == done.exit_code
    assert "frontsim.toml: " not in done.stderr
