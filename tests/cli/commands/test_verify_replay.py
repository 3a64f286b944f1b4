import shlex

import pytest

from frontsim.cli.commands.verify import replay_of


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        (["--token", "hunter2"], []),
        (["--token=hunter2"], []),
        (["--observe-url", "http://user:hunter2@shop/effects"], ["--observe-url", "http://***@shop/effects"]),
        (["--observe-url=HTTPS://hunter2@shop:1/e?a=b@c"], ["--observe-url=HTTPS://***@shop:1/e?a=***"]),
        (
            ["--observe-url", "http://shop/e?api_key=hunter2&all=1"],
            ["--observe-url", "http://shop/e?api_key=***&all=***"],
        ),
        (
            ["--observe-sql", "postgresql://me:hunter2/@#@shop/db", "Q"],
            ["--observe-sql", "postgresql://me:***@shop/db", "Q"],
        ),
        (["--observe-cmd", "PGPASSWORD=hunter2 psql shop"], ["--observe-cmd", "psql ***"]),
        (["--observe-cmd", "get --token hunter2 e"], ["--observe-cmd", "get ***"]),
        (
            ["--observe-cmd", "curl -H 'Authorization: Bearer hunter2' http://shop"],
            ["--observe-cmd", "curl ***"],
        ),
        (["--observe-key", "saleId"], ["--observe-key", "saleId"]),
        (["--receiver", "http://shop:8500/a@b"], ["--receiver", "http://shop:8500/a@b"]),
    ],
)
def test_a_replay_holds_no_secret(typed, shown):
    """Reports are handed round: keys are left to the environment, and what stands in URLs and commands is masked."""
    again = replay_of(["verify", *typed, "--strict"], [], 5)("steady")
    assert ["frontsim", "verify", *shown, "--strict", "--scenario", "steady", "--seed", "5"] == shlex.split(str(again))


def test_a_replay_names_its_own_scenario_seed_and_no_file():
    """The scenarios and the files of the run are left out; a scenario of the user's own is named by its file."""
    typed = ["verify", "--scenario", "mine.toml", "--seed=9", "--json", "o.json", "--settle", "1"]
    again = replay_of(typed, ["mine.toml", "steady"], 5)
    assert "frontsim verify --settle 1 --scenario mine.toml --seed 5" == str(again("mine"))
    assert "frontsim verify --settle 1 --scenario steady --seed 5" == str(again("steady"))
