"""`frontsim init`: what it tries, and what the other commands then read."""

import io

import orjson
import pytest

from frontsim.cli.commands.init import package_source
from frontsim.clock import stopwatch
from frontsim.user_input.configuration import read_configuration
from frontsim.verification.play import probes
from tests.support.receiver import serving
from tests.verification.laboratory import open_shop

pytestmark = pytest.mark.slow


@pytest.fixture
def init(run, tmp_path, monkeypatch):
    """Runs the command in an empty folder, with a receiver that takes sales alone."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    with open_shop() as shop:
        shop.answers = lambda event_id: 200 if shop.types[event_id] == "SaleCreated" else 404
        options = ["--receiver", f"{shop.url}/hook", "--observe-url", f"{shop.url}/effects"]
        yield lambda *more: run("init", *options, *more)


def test_what_it_writes_is_what_verify_reads(init, run, tmp_path):
    """Each thing is tried at once; then verify needs no options."""
    done = init("--ci", "github")
    assert 0 == done.exit_code, done.output
    assert "ok  it takes SaleCreated; 20 types were answered 404 Not found" in done.stdout
    assert ["SaleCreated"] == read_configuration(tmp_path).values["events"]
    job = (tmp_path / ".github" / "workflows" / "frontsim.yml").read_text()
    package = package_source()
    assert f"- run: pip install {package.argument}\n" in job
    assert package.then in done.stdout
    assert 0 == run("verify", "--scenario", "steady", "--settle", "0.1").exit_code


@pytest.mark.long
def test_what_a_receiver_derives_is_tried_too(run, tmp_path, monkeypatch):
    """It says what the columns hold, or why that is not known; verify reads the same place."""
    monkeypatch.chdir(tmp_path)
    with serving("stock-by-sum", tmp_path / "stock.db") as url:
        options = ["--receiver", f"{url}/hook", "--observe-url", f"{url}/effects", "--events", "StockMovementCreated"]
        done = run("init", *options, "--observe-state", f"{url}/levels")
        assert "level -> the sum of quantity (a row for each gtin and stockId)" in done.stdout
        assert f"{url}/levels" == read_configuration(tmp_path).values["observe-state"]
        monkeypatch.setattr(probes, "stopwatch", lambda: 30 * stopwatch())  # those rows never come
        done = run("init", "--force", *options, "--observe-state", f"sqlite:///{tmp_path}/none.db SELECT 1")
        assert "??  state by" in done.stdout


@pytest.mark.long
def test_a_receiver_that_answered_404_gets_no_file(run, tmp_path, monkeypatch):
    """The line that mends it comes instead; nor does one of which nothing is seen."""
    monkeypatch.chdir(tmp_path)
    with open_shop() as shop:
        options = ["--receiver", f"{shop.url}/hok", "--observe-url", f"{shop.url}/effects"]
        shop.answers = lambda _: 404
        done = run("init", *options)
        told = "nothing is written: your receiver answered 404 to every event at /hok: check the path"
        assert (3, True) == (done.exit_code, told in done.stderr), done.stderr
    assert [] == list(tmp_path.iterdir())


def test_the_key_and_the_types_that_were_found_are_written(run, tmp_path, monkeypatch):
    """With rows to look at; then verify needs no options, and demands each of the types."""
    monkeypatch.chdir(tmp_path)
    with open_shop() as shop:
        book = shop.books
        shop.books = lambda event_id: book(event_id) if shop.types[event_id] == "SaleCreated" else None
        shop.shows = lambda: (200, orjson.dumps([{"event_id": each["webhookEventId"]} for each in shop.effects]))
        done = run("init", "--receiver", f"{shop.url}/hook", "--observe-url", f"{shop.url}/effects")
        assert 0 == done.exit_code, done.output
        values = read_configuration(tmp_path).values
        assert (["SaleCreated"], "event_id") == (values["events"], values["observe-key"])
        for told in (
            "your ids stand in column `event_id`",
            "{'event_id': '",
            "ok  it books SaleCreated, and never the",
        ):
            assert told in done.stdout
        assert done.stdout.splitlines()[-1] == "Now run: frontsim verify"
        assert "ok  steady is verified" in done.stdout


def test_a_file_that_exists_is_kept_unless_forced(init, tmp_path):
    (tmp_path / "frontsim.toml").write_text("seed = 1\n")
    done = init()
    assert (3, True) == (done.exit_code, "frontsim.toml exists already" in done.stderr)
    assert 0 == init("--force", "--events", "SaleCreated").exit_code
    assert "seed" not in read_configuration(tmp_path).values


def test_a_project_file_is_added_to_once(init, tmp_path):
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "shop"\n')
    assert 0 == init("--file", "pyproject.toml").exit_code
    assert (tmp_path / "pyproject.toml").read_text().startswith('[project]\nname = "shop"\n\n[tool.frontsim]\n')
    assert 3 == init("--file", "pyproject.toml").exit_code


def test_nothing_is_written_when_a_try_fails(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for options, told in (
        (["--receiver", "http://127.0.0.1:1/hook", "--observe-cmd", "true"], "nothing listens"),
        (["--receiver", "http://127.0.0.1:1/hook"], "a way to see what the receiver booked"),
        ([], "expected --receiver URL"),
        (["--receiver", "http://127.0.0.1:1/h", "--observe-cmd", "true", "--events", "SaleCraeted"], "did you mean"),
    ):
        done = run("init", *options)
        assert (3, True) == (done.exit_code, told in done.stderr), done.stderr
    assert [] == list(tmp_path.glob("frontsim*"))


class Typed(io.BytesIO):
    """What a user types at a terminal."""

    def isatty(self):
        return True


@pytest.mark.long
def test_a_terminal_is_asked_and_what_is_confirmed_is_written(run, tmp_path, monkeypatch):
    """The key, the columns to compare and the page for coding agents: each is shown, and written on a yes alone."""
    monkeypatch.chdir(tmp_path)
    with open_shop() as shop:

        def shown():
            sent = {event_id: orjson.loads(body) for event_id, body in shop.bodies.items()}
            return [{"event_id": each, "sale_no": body["receiptNo"]} for each, body in sent.items()]

        shop.shows = lambda: (200, orjson.dumps(shown()))
        options = ["--receiver", f"{shop.url}/hook", "--observe-url", f"{shop.url}/effects", "--events", "SaleCreated"]
        done = run("init", *options, stdin=Typed(b"none\ny\ny\ny\n"))
        assert 0 == done.exit_code, done.output
        assert 'SaleCreated."sale_no" = "receiptNo"\n' == (tmp_path / "frontsim-map.toml").read_text()
        values = read_configuration(tmp_path).values
        assert ("event_id", "frontsim-map.toml") == (values["observe-key"], values["observe-map"])
        page = (tmp_path / "AGENTS.md").read_text()
        assert page.startswith("# Verify the webhook receiver with frontsim\n\n## What to run\n")
        assert "\nfrontsim verify --json verdict.json\n" in page
        assert "](" not in page
        assert 0 == run("verify", "--scenario", "steady").exit_code
        done = run("init", *options, "--force", "--ci", "none", stdin=Typed(b"n\nn\n"))
        assert 130 == done.exit_code  # the key was not confirmed
        (tmp_path / "frontsim-map.toml").unlink()
        done = run("init", *options, "--force", "--ci", "none", stdin=Typed(b"n\ny\nn\n"))
        assert 0 == done.exit_code, done.output
        assert not (tmp_path / "frontsim-map.toml").exists()
        assert "observe-map" not in read_configuration(tmp_path).values


def test_the_page_for_agents_replaces_no_file_of_the_users(init, tmp_path):
    (tmp_path / "AGENTS.md").write_text("mine")
    done = init("--agents", "AGENTS.md")
    assert (3, True) == (done.exit_code, "AGENTS.md exists already" in done.stderr)
    assert 0 == init("--agents", "docs/FRONTSIM.md").exit_code
    assert "Only exit code 0 is a proof" in (tmp_path / "docs" / "FRONTSIM.md").read_text()
    assert "mine" == (tmp_path / "AGENTS.md").read_text()
