import contextlib
import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections import Counter

import pytest

from frontsim import bundled, catalog
from frontsim.verification.scenario import scenario
from tests.support.forked import popen
from tests.support.patience import PATIENCE_S
from tests.verification.laboratory import open_shop

pytestmark = pytest.mark.slow


@pytest.fixture
def shop():
    """Something that listens."""
    with open_shop() as opened:
        yield opened


FRONTSIM = [sys.executable, "-m", "frontsim.cli.main"]


def test_verified_is_0(verify, receiver):
    """A right receiver: the scenario's line, the verdict, exit code 0."""
    done = verify(*receiver(), "--scenario", "lost-response", "--seed", "5")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith("verified   lost-response\n")
    assert done.stdout.splitlines()[-1].endswith("1 scenario: 1 verified; seed 5")


def test_the_shape_of_deliveries_is_an_option_and_a_variable(verify, receiver, monkeypatch):
    """An event's type in the URL suits the reference receiver; an unknown shape ends with 3."""
    options = [*receiver(), "--scenario", "lost-response", "--events", "StockMovementCreated"]
    options[1] += "/{event}"
    assert verify(*options, "--delivery-shape", "typed").exit_code == 0
    monkeypatch.setenv("FRONTSIM_DELIVERY_SHAPE", "tiped")
    done = verify(*options)
    assert done.exit_code == 3
    assert (
        "--delivery-shape: expected a shape or a TOML or JSON file, got 'tiped' (did you mean 'typed'?)" in done.stderr
    )


def test_it_prints_where_the_receiver_must_connect(verify, receiver, shop):
    """And what does not use the proxy is not verified."""
    dependency = f"erp=127.0.0.1:{shop.server_port}"
    done = verify(*receiver(), "--scenario", "dependency-down", "--dependency", dependency)
    assert re.match(rf"dependency erp: 127\.0\.0\.1:\d+ -> 127\.0\.0\.1:{shop.server_port}\n", done.stdout)
    assert (2, True) == (done.exit_code, "got no connection; put {erp_port} into --receiver-cmd" in done.stdout)


@pytest.mark.parametrize(
    ("dependency", "told"),
    [
        ("erp", "--dependency: expected NAME=HOST:PORT, such as db=127.0.0.1:5432 or db=[::1]:5432, got 'erp'"),
        (
            "erp=127.0.0.1:1",
            "--dependency erp: expected something that listens on 127.0.0.1:1, got: Connection refused",
        ),
    ],
)
def test_a_dependency_that_cannot_be_used_is_3(dependency, told, verify, receiver):
    done = verify(*receiver(), "--scenario", "dependency-down", "--dependency", dependency)
    assert (3, True) == (done.exit_code, told in done.stderr)


def test_violated_is_1_and_says_how_to_see_it_again(verify, receiver, monkeypatch):
    """A broken receiver: what was found, and the one command that replays just this scenario with this seed."""
    options = [*receiver("no-dedupe"), "--scenario", "lost-response", "--scenario", "steady", "--seed=5"]
    monkeypatch.setattr(sys, "argv", ["frontsim", "verify", *options])
    done = verify(*options)
    assert done.exit_code == 1
    assert "duplicated: booked more than once" in done.stdout
    url = options[1]
    again = (
        f"frontsim verify --receiver {url} --observe-url {options[3]} --settle 0.1 --events SaleCreated "
        "--scenario lost-response --seed 5"
    )
    assert again in done.stdout


@pytest.mark.parametrize(("check", "code"), [("exact", 1), ("known", 1), ("off", 0)])
def test_content_is_compared_as_asked(verify, receiver, check, code):
    """A receiver that rounds amounts is found, unless content is not compared."""
    options = receiver("rounds-decimals")
    done = verify(*options, "--scenario", "unicode-and-decimals", "--seed", "5", "--check-content", check)
    assert code == done.exit_code, done.stdout


def test_a_scenario_of_the_users_own_is_replayed_from_its_file(verify, receiver, monkeypatch, tmp_path):
    """The replay of a file names the file."""
    file = tmp_path / "mine.toml"
    steps = '[[step]]\ndo = "raise"\n[[step]]\ndo = "drain"\n[[step]]\ndo = "resend"\n'
    file.write_text(f'breaks = "All is resent."\nholds = "All is booked once."\n{steps}')
    options = [*receiver("no-dedupe"), "--scenario", str(file)]
    monkeypatch.setattr(sys, "argv", ["frontsim", "verify", *options])
    done = verify(*options)
    assert done.exit_code == 1
    assert f"--settle 0.1 --events SaleCreated --scenario {file} --seed " in done.stdout


def test_no_form_of_the_result_holds_a_secret(verify, receiver, monkeypatch, tmp_path):
    """Not the summary, nor JSON, JUnit, HTML or a GitHub job's page: each tells the replay or the receiver's URL."""
    options = [word.replace("//", "//user:hunter2@") for word in receiver("no-dedupe")]
    files = [tmp_path / name for name in ("o.json", "o.xml", "o.html", "o.md")]
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(files[3]))
    options += ["--scenario", "lost-response", "--token", "hunter2"]
    options += ["--json", str(files[0]), "--junit", str(files[1]), "--html", str(files[2])]
    monkeypatch.setattr(sys, "argv", ["frontsim", "verify", *options])
    done = verify(*options)
    assert done.exit_code == 1
    assert [] == [text for text in (done.output, *(file.read_text() for file in files)) if "hunter2" in text]


def test_a_reason_holds_no_secret(verify, tmp_path):
    """A control that failed names the receiver's URL, without what stands before the host."""
    with open_shop() as shop:
        shop.answers = lambda _: 409  # which may differ a moment later
        url = f"{shop.url}/hook".replace("//", "//user:hunter2@")
        done = verify("--receiver", url, "--observe-cmd", "true", "--scenario", "steady", "--json", "-")
    assert (2, False) == (done.exit_code, "hunter2" in done.output)
    assert f"{shop.url}/hook".replace("//", "//***@") in json.loads(done.stdout)["scenarios"][0]["reason"]


@pytest.mark.long
def test_a_wrong_path_is_one_line_and_exit_code_2(verify):
    """Not a table of scenarios, nor a wrong hint; what stands in the URL before the host is left out."""
    with open_shop() as shop:
        shop.answers = lambda _: 404
        url = f"{shop.url}/hok".replace("//", "//user:hunter2@")
        done = verify("--receiver", url, "--observe-cmd", "true")
    told = "UNKNOWN: your receiver answered 404 to every event at /hok: check the path; "
    assert (2, [told]) == (done.exit_code, [line[: len(told)] for line in done.output.splitlines() if line])
    assert "hunter2" not in done.output


def test_an_error_holds_no_secret(verify):
    """No receiver at the URL, or no URL: one line in CI's log says so."""
    for url in ("http://user:hunter2@127.0.0.1:1/hook", "ftp://user:hunter2@shop/hook"):
        done = verify("--receiver", url, "--observe-cmd", "true", "--scenario", "steady")
        assert (3, False, True) == (done.exit_code, "hunter2" in done.stderr, "***@" in done.stderr)


@pytest.mark.long
def test_unknown_is_2(verify, receiver):
    """With an observer that fails, nothing is known about effects."""
    url = receiver()[1]
    assert verify("--receiver", url, "--observe-cmd", "false", "--scenario", "steady").exit_code == 2


def test_a_receiver_alone_ends_at_once_and_names_the_observers(verify, receiver):
    done = verify("--receiver", receiver()[1])
    assert 3 == done.exit_code
    for option in ("--observe-url", "--observe-sql", "--observe-cmd", "--observe-sink", "--observe-import"):
        assert option in done.stderr


def test_header_names_of_serve_hold_for_verify(verify, tmp_path, monkeypatch):
    """By flag, by variable and by the configuration file; the report names them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FRONTSIM_EVENT_HEADER", "X-Kind")
    (tmp_path / "frontsim.toml").write_text('webhook-id-header = "X-Hook"\n')
    with open_shop() as shop:
        options = ["--receiver", f"{shop.url}/hook", "--observe-url", f"{shop.url}/effects", "--settle", "0.1"]
        assert 0 == verify(*options, "--scenario", "steady", "--events", "SaleCreated").exit_code
        assert {None} == set(shop.types.values())
        assert {"X-Kind", "X-Hook", "X-Webhook-Event-Id"} <= shop.header_names
        refused = verify(*options, "--event-id-header", "X-Kind")
    assert (3, True) == (refused.exit_code, "expected a header of its own" in refused.stderr)


@pytest.mark.long
def test_auto_leaves_refused_types_out_and_the_verdict_lists_them(verify, tmp_path):
    """The receiver takes sales alone: verified for sales, and what was left out is told, on screen and as JSON."""
    with open_shop() as shop:
        shop.answers = lambda event_id: 200 if shop.types[event_id] == "SaleCreated" else 404
        options = ["--receiver", f"{shop.url}/hook", "--observe-url", f"{shop.url}/effects", "--settle", "0.1"]
        done = verify(*options, "--scenario", "steady", "--events", "auto", "--json", str(tmp_path / "found.json"))
        assert (0, "") == (done.exit_code, done.stderr)
        assert "Left out by --events auto (answered 404 Not found)" in done.stdout
        assert "20 types left out" in done.stdout.splitlines()[-1]
        assert 20 == len(json.loads((tmp_path / "found.json").read_text())["leftOut"])
        tries: Counter[str] = Counter(SaleCreated=2)

        def refuse_twice(event_id):  # verify tries a type twice; what it waits for in the scenario comes
            tries[shop.types[event_id]] += 1
            return 200 if tries[shop.types[event_id]] > 2 else 404

        shop.answers = refuse_twice
        hinted = verify(*options, "--scenario", "steady")
    assert "20 of 21 types were answered 404 Not found. Not yours? --events SaleCreated" in hinted.stderr


@pytest.mark.long
def test_skipped_stays_out_of_the_verdict_unless_strict(verify, receiver):
    """A scenario that needs what was not given is skipped with the reason; --strict makes the verdict unknown."""
    options = [*receiver(), "--scenario", "lost-response", "--scenario", "crash-after-ack"]
    done = verify(*options)
    assert done.exit_code == 0
    assert "crash-after-ack: it kills and restarts the receiver, which needs --receiver-cmd" in done.stdout
    assert verify(*options, "--strict").exit_code == 2


@pytest.mark.parametrize(
    ("args", "told"),
    [
        ([], "expected --receiver URL"),
        (["--receiver", "shop", "--observe-cmd", "true"], "expected the receiver's URL"),
        (["--receiver", "http://127.0.0.1:1/hook", "--observe-cmd", "true"], "nothing listens on 127.0.0.1 port 1"),
        (["--receiver", "http://127.0.0.1:1/hook", "--scenario", "strom"], "expected a scenario"),
        (["--receiver", "http://127.0.0.1:1/hook", "--events", "SaleCraeted"], "did you mean"),
        (["--receiver", "http://127.0.0.1:1/hook", "--observe-sql", "shop.db", "SELECT 1"], "expected a DSN"),
        (["--receiver", "http://127.0.0.1:1/hook", "--settle", "0"], "0.05"),
    ],
)
def test_wrong_usage_and_no_receiver_exit_with_3(verify, args, told):
    """A request that cannot work is refused in a line, before anything is started."""
    done = verify(*args)
    assert done.exit_code == 3
    assert told in done.stderr


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ('do = "resend"\ntogether = 0', "step 1 (resend).together: expected a whole number from 1 to"),
        ('do = "raise"\ngrow = {salesLines = "many"}', "step 1 (raise).grow.salesLines: expected a whole number"),
        ('do = "raise"\nevents = ["SaleCrated"]', "step 1 (raise).events: expected an event type"),
        ('do = "raise"\nevents = ["SaleCreated"]\nset = {totl = 1}', "step 1 (raise).set: expected a path"),
        ('do = "fault"\nfault = "refus"', "step 1 (fault).fault: expected one of"),
        ('do = "drain"', "step: expected a [[step]]"),
    ],
)
def test_a_mistake_in_a_scenario_is_3_with_file_and_key(verify, receiver, tmp_path, step, told):
    """Nothing is played, and nothing is said about the receiver."""
    file = tmp_path / "mine.toml"
    file.write_text(f'breaks = "All is resent."\nholds = "All is booked once."\n[[step]]\n{step}\n')
    done = verify(*receiver(), "--scenario", str(file))
    assert (done.exit_code, done.stdout) == (3, "")
    assert f"{file}: {told}" in done.stderr


def test_the_list_explains_each_scenario(verify):
    """--list names every scenario with its two sentences, and needs no receiver."""
    done = verify("--list")
    assert done.exit_code == 0
    assert "steady\n  Nothing breaks: every event type is sent once.\n" in done.stdout
    assert "crash-after-ack  (needs --receiver-cmd)" in done.stdout


def test_the_list_as_json(verify, tmp_path):
    """--list --json: the same for a program, on standard output alone or in a file."""
    listed = json.loads(verify("--list", "--json", "-").stdout)["scenarios"]
    assert {
        "name": "steady",
        "breaks": "Nothing breaks: every event type is sent once.",
        "holds": scenario.chosen(["steady"])[0].holds,
        "needsReceiverCmd": False,
        "needsDependency": False,
        "needsSink": False,
        "needsState": False,
    } == listed[0]
    names = ("needsReceiverCmd", "needsDependency", "needsSink")
    assert [5, 5, 1] == [sum(each[name] for each in listed) for name in names]
    file = tmp_path / "list.json"
    assert "steady\n  Nothing breaks" in verify("--list", "--json", str(file)).stdout
    assert json.loads(file.read_text())["scenarios"] == listed
    assert 3 == verify("--list", "--json", str(tmp_path / "none" / "list.json")).exit_code


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_tells_what_is_known_and_is_2(receiver, how):
    """Interrupted after the first scenario, or cancelled by a CI: its line, a verdict that says so, exit code 2."""
    command = [*FRONTSIM, "verify", *receiver()]
    with popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        first = process.stdout.readline()
        process.send_signal(how)
        rest, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 2, errors
    assert first.startswith("verified   steady")
    assert "(interrupted: the others were not played)" in rest


def test_ctrl_c_leaves_one_table_on_a_terminal(receiver):
    """Each scenario that ended has one row; the line that said what was running is erased; the verdict is the last."""
    main, terminal = pty.openpty()
    environment = {**os.environ, "COLUMNS": "80", "TERM": "xterm"}
    command = [*FRONTSIM, "verify", *receiver()]
    with popen(command, stdout=terminal, stderr=terminal, env=environment) as process:
        os.close(terminal)
        said = read_until(main, "verified")  # the first scenario has ended
        process.send_signal(signal.SIGINT)
        said += read_until(main, None)
        os.close(main)
    assert 2 == process.returncode
    table, erase, rest = said.rpartition("\x1b[2K")
    assert erase
    assert 1 == len(re.findall(r"[\r\n]steady +verified", re.sub(r"\x1b\[[?0-9;]*[a-zA-Z]", "", table)))
    assert "(interrupted: the others were not played)" in " ".join(rest.split())


def read_until(descriptor, word):
    """Read from a terminal until a word comes, or to its end."""
    said = ""
    with contextlib.suppress(OSError):  # a terminal whose other side is closed says so
        while (word is None or word not in said) and (part := os.read(descriptor, 65536)):
            said += part.decode(errors="replace")
    return said


@pytest.mark.long
def test_drift_names_what_a_receiver_does_not_survive(verify, receiver, tmp_path):
    """Each change of newer schemas by itself: this receiver refuses fields that it does not know."""
    schema = {each.name: each.schema for each in catalog.load()}["SaleCreated"]
    newer = {**schema, "properties": {**schema["properties"], "novel": {"type": "integer"}}}
    newer["required"] = [name for name in schema["required"] if name != "comment"]
    (tmp_path / "newer").mkdir()
    (tmp_path / "newer" / "SaleCreated.json").write_text(json.dumps(newer))
    done = verify("--drift", str(tmp_path / "newer"), *receiver("rejects-unknown-fields"))
    assert 1 == done.exit_code, done.output
    assert "violated   drift-SaleCreated-novel-field-added" in done.output
    assert "verified   drift-SaleCreated-comment-required" in done.output


def test_drift_without_a_change_is_refused(verify, receiver):
    done = verify("--drift", str(bundled.folder("contracts")), *receiver())
    assert 3 == done.exit_code
    assert "expected schemas with a change that a receiver can meet, got none" in done.output
