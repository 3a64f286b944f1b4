"""A page's request becomes a run; above all, no command comes from it."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from frontsim.errors import BadInput
from frontsim.pages.verify_command import VerifyCommand, VerifyCommands
from frontsim.settings import Settings

RECEIVER = "http://127.0.0.1:8500/hook"
EFFECTS = {"url": "http://127.0.0.1:8500/effects"}
OWN = "http://127.0.0.1:8400"


def command(folder: Path, settings: Settings | None = None, **asked: Any) -> VerifyCommand:
    return VerifyCommands(settings or Settings(), folder).command(
        {"receiver": RECEIVER, "effects": EFFECTS} | asked, OWN
    )


def refused(folder: Path, **asked: Any) -> str:
    with pytest.raises(BadInput) as caught:
        command(folder, **asked)
    return str(caught.value)


def shop(path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE sales (id)")
    database.close()


def test_a_receiver_and_the_url_of_its_effects(tmp_path: Path):
    """In a folder of its own, so no configuration file adds anything."""
    made = command(tmp_path, play=["lost-response", "steady"], key="id", events="SaleCreated", budgetS=30)
    assert not made.is_configured
    assert ["steady", "lost-response"] == made.names
    assert [
        "verify", "--scenario=steady", "--scenario=lost-response", "--budget=30", f"--receiver={RECEIVER}",
        f"--observe-url={EFFECTS['url']}", "--observe-key=id", "--events=SaleCreated",
    ] == made.words  # fmt: skip
    assert "--explore=60" in command(tmp_path, play=["steady"], exploreS=60).words
    assert "exploreS" in refused(tmp_path, exploreS=100_000)
    assert "1" == made.environ["FRONTSIM_OBSERVE_DISCREETLY"]
    assert len(command(tmp_path).names) > 20


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://127.0.0.2:8500/effects",
        "http://127.0.0.1@internal/effects",
        "http://internal\\@127.0.0.1/effects",
        "http://127.0.0.1.internal/effects",
    ],
)
def test_effects_are_read_from_the_receivers_host_alone(tmp_path: Path, url: str):
    """This machine may reach what the sender of the request does not."""
    for effects in ({"url": url}, EFFECTS | {"state": url}):
        assert "a URL on the receiver's host, localhost (others: `frontsim serve --allow-host" in refused(
            tmp_path, effects=effects
        )


def test_hosts_that_may_be_read(tmp_path: Path):
    """The names of loopback are one host; `--allow-host` adds others."""
    assert command(tmp_path, effects={"url": "http://localhost:9/effects", "state": "http://[::1]/levels"})
    settings = Settings(allow_host=("Erp.internal",))
    assert command(tmp_path, settings, effects={"url": "http://erp.INTERNAL/effects"})


@pytest.mark.parametrize(
    "asked",
    [
        {"observeCmd": "touch /tmp/owned"},
        {"receiverCmd": "touch /tmp/owned"},
        {"job": "touch /tmp/owned", "kind": "verify-recovery"},
        {"effects": {"cmd": "touch /tmp/owned"}},
        {"effects": {"import": "os:system"}},
        {"effects": {"sql": "postgresql://a/b", "query": "COPY t TO PROGRAM 'id'"}},
        {"effects": {"url": "file:///etc/passwd"}},
        {"effects": {"url": "http://a.example", "sink": "erp"}},
        {"effects": {}},
        {"effects": None},
        {"receiver": "--receiver-cmd=id"},
        {"receiver": "http://"},
        {"receiver": "http://a.example:99999"},
        {"play": ["../../etc/passwd"]},
        {"play": ["--receiver-cmd=id"]},
        {"play": []},
        {"kind": "serve"},
        {"budgetS": 1e9},
        {"nope": 1},
    ],
)
def test_what_is_refused(tmp_path: Path, asked: dict[str, Any]):
    assert "expected" in refused(tmp_path, **asked)


def test_a_value_stays_one_word(tmp_path: Path):
    """Whatever it begins with or contains, it is the value of its own option."""
    made = command(tmp_path, effects={"sink": "--receiver-cmd=id; id"}, key="--job=id")
    assert "--observe-sink=--receiver-cmd=id; id" in made.words
    assert "--observe-key=--job=id" in made.words
    assert f"--base-url={OWN}/restapi/V2" in made.words
    assert all(word == "verify" or word.startswith("--") for word in made.words)


def test_a_sqlite_file_below_our_folder(tmp_path: Path):
    """No file elsewhere, also not by a link, none in a hidden folder, and no statement that writes."""
    home = tmp_path / "home"
    shop(home / "shop.db")
    shop(home / ".browser" / "cookies.db")
    shop(tmp_path / "other.db")
    (home / "link.db").symlink_to(tmp_path / "other.db")
    (home / "text.db").write_text("not a database, whatever its name says")
    made = command(home, effects={"sqlite": "shop.db", "query": " select id from sales"})
    assert ["--observe-sql", f"sqlite:///{home / 'shop.db'}", " select id from sales"] == made.words[-3:]
    for name in (
        "../other.db",
        str(tmp_path / "other.db"),
        "link.db",
        ".browser/cookies.db",
        "text.db",
        "none.db",
        "a\0b",
    ):
        assert "SQLite file below" in refused(home, effects={"sqlite": name, "query": "SELECT 1"})
    for query in ("VACUUM INTO 'x'", "ATTACH 'x' AS y", "", "-- SELECT\nDROP TABLE sales", "selectx"):
        assert "query" in refused(home, effects={"sqlite": "shop.db", "query": query})


def test_commands_are_those_of_the_configuration_file(tmp_path: Path):
    """The run gets them from there; the page shows which program each starts, and nothing of its arguments."""
    assert "frontsim.toml" in refused(tmp_path, configured=True)
    assert "frontsim.toml" in refused(tmp_path, kind="verify-recovery")
    (tmp_path / "frontsim.toml").write_text(
        f'[verify]\nreceiver = "{RECEIVER}?key=s3cret"\nobserve-cmd = "psql -p s3cret"\n'
        'receiver-cmd = "php serve"\nobserve-state = "postgresql://me:s3cret@shop/shop SELECT 1"\n'
        '[verify-recovery]\njob = "python job.py s3cret"\n'
    )
    said = VerifyCommands(Settings(), tmp_path).configured()
    state = said["receiver"].pop("observe-state")
    assert (True, False) == (state.endswith("@shop/shop SELECT 1"), "s3cret" in state)
    assert {"receiver": f"{RECEIVER}?key=***", "observe-cmd": "psql ***", "receiver-cmd": "php ***"} == said["receiver"]
    assert "python ***" == said["job"]
    made = command(tmp_path, configured=True, play=["steady"])
    assert made.is_configured
    assert ["verify", "--scenario=steady"] == made.words
    job = command(tmp_path, kind="verify-recovery", play=["a-plain-failure"])
    assert ["verify-recovery", "--case=a-plain-failure"] == job.words
    assert job.is_configured


def test_what_a_receiver_derives_is_a_url_or_a_query_for_its_file(tmp_path: Path):
    """No other database: its name in a DSN could be anything."""
    url, query = "http://127.0.0.1:8500/levels?token=a", "select stock, gtin, level from stock"
    shop(tmp_path / "shop.db")
    file = {"sqlite": "shop.db", "query": "SELECT id FROM sales"}
    for effects, state in ((EFFECTS, url), (file, url), (file, query), ({"sink": "erp"}, url)):
        assert f"--observe-state={state}" in command(tmp_path, effects={**effects, "state": state}).words
    assert not [word for word in command(tmp_path, effects={**EFFECTS, "state": None}).words if "observe-state" in word]
    for effects, state in (
        (EFFECTS, query),
        (file, "postgresql://shop/shop SELECT 1"),
        (file, "sqlite:////etc/passwd SELECT 1"),
        (EFFECTS, "http://a.example SELECT 1"),
        (EFFECTS, "file:///etc/passwd"),
    ):
        assert "state" in refused(tmp_path, effects={**effects, "state": state})


def test_our_settings_of_deliveries_hold(tmp_path: Path):
    """Our keys and token are in the environment, where other users of the machine do not see them."""
    (tmp_path / "shape.toml").touch()
    settings = Settings(
        event_header="X-Type", tls_verify=False, delivery_shape="shape.toml", contracts=Path("own"), token="s3cret"
    )
    made = command(tmp_path, settings)
    assert {
        "--event-header=X-Type", "--no-tls-verify", f"--delivery-shape={tmp_path / 'shape.toml'}",
        f"--contracts={tmp_path / 'own'}",
    } <= set(made.words)  # fmt: skip
    assert "s3cret" not in " ".join(made.words)
    assert "s3cret" == made.environ["FRONTSIM_TOKEN"]
