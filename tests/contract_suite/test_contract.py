"""The suite run as a user runs it, against receivers whose faults are known."""

import re
import sys

import pytest

from tests.support.pytest_run import pytest_run
from tests.support.receiver import ChildReceiver
from tests.verification.laboratory import open_shop

pytestmark = pytest.mark.slow


@pytest.fixture
def suite(tmp_path):
    """Runs the suite against a receiver of the registry: `suite("reference", "-k", "steady")`."""

    def run(variant, *args):
        with ChildReceiver(variant, tmp_path / "receiver.db") as receiver:
            return asked(tmp_path, "--receiver-url", receiver.hook, "--receiver-observe-url", receiver.effects, *args)

    return run


def asked(folder, *args):
    """Exit code and output of the suite with those options."""
    done = pytest_run("--pyargs", "frontsim.contract_suite", *args, folder=folder)
    return done.returncode, done.stdout


@pytest.fixture
def shop():
    """A shop that is open: right, until a test says otherwise."""
    with open_shop() as opened:
        yield opened


JOB = f"{sys.executable} -m frontsim job"
TEST = """
def test_a_sale(front):
    sales = front.subscribe("SaleCreated", front.sink("shop").url)
    assert [front.trigger("SaleCreated").event] == list(sales.events)


test_another_sale = test_a_sale
"""


@pytest.mark.long
def test_all_is_right_under_xdist(suite, tmp_path):
    """Every clause about a receiver and a job passes on two workers, whichever takes which test, and each case is
    played once for both. In tests of one's own each worker has a `front` of its own."""
    note, own = tmp_path / "starts", tmp_path / "test_own.py"
    own.write_text(TEST)
    scenarios = "lost-response or steady or malformed or out-of-order"
    job = f"sh -c 'echo $FRONTSIM_WEBHOOK_IDS >>{note}; exec {JOB}'"
    named = f"{scenarios} or a-plain-failure or status-null or sale"
    code, text = suite("reference", "--recovery-job", job, "-n", "2", "-v", "-k", named, str(own))
    assert code == 0, text
    assert " failed" not in text
    passed = set(re.findall(r"PASSED.*(?:\[|::test_)(\S*?sale|[a-z-]+)", text))
    assert {"a_sale", "another_sale"} < passed
    for name in (*scenarios.split(" or "), "a-plain-failure", "status-null"):
        assert any(each.startswith(name) for each in passed), name
    assert 2 == len(note.read_text().split())


def test_a_broken_receiver_fails_its_own_clause_and_no_other(suite):
    """A receiver without a memory fails the clause about repeats; the story and the replay are told."""
    code, text = suite("no-dedupe", "-k", "lost-response")
    assert code == 1
    assert ["lost-response-books-a-repeat-once"] == re.findall(r"^FAILED .*\[(.*)\]", text, re.MULTILINE)
    assert "effects: 2" in text
    assert re.search(r"Again with: --receiver-seed \d+ -k lost-response", text)
    assert "duplicated: booked more than once: 1 test fails: lost-response-books-a-repeat-once\n" in text


@pytest.mark.long
def test_a_type_that_is_only_acknowledged_is_skipped(suite):
    """Nothing says whether invoices are meant to be booked, so the scenario that raises them is unknown."""
    code, text = suite("loses-a-type", "-rs", "-k", "steady or books_the_type")
    assert code == 1
    skipped = re.findall(r"^SKIPPED .*InvoiceCreated is acknowledged and never booked.*", text, re.MULTILINE)
    assert 1 == len(skipped)
    assert "20 passed, 1 skipped" in suite("loses-a-type", "-k", "books_the_type")[1]


def test_an_unchecked_clause_does_not_pass_beside_a_failure(shop, tmp_path):
    """Refused events fail their clause; without an observer the clauses about effects fail as unknown."""
    asked_for = []  # of which the first two are clean
    shop.answers = lambda event: asked_for.append(event) or (200 if event in asked_for[:2] else 400)
    options = ["--receiver-url", f"{shop.url}/hook", "--receiver-events", "CustomerUpdated", "-k", "steady"]
    code, text = asked(tmp_path, *options)
    assert code == 1
    assert not re.search(r"\d+ passed", text)
    assert "steady-takes-valid-events" in text
    assert "rejected: CustomerUpdated" in text
    assert "no way to read effects was given" in text


def test_a_receiver_that_is_down_gives_one_line(tmp_path):
    """A receiver that is down is the user's to start: the sentence that says so, and no traceback."""
    code, text = asked(tmp_path, "--receiver-url", "http://127.0.0.1:1/hook", "-k", "steady or storm")
    assert code == 1
    assert "nothing listens on 127.0.0.1 port 1" in text
    assert "Traceback" not in text
    assert "simulator/frontsim/verification" not in text


@pytest.mark.long
def test_no_secret_is_printed(shop, tmp_path):
    """Neither of a receiver that is down, nor of one whose control fails: what pytest prints is handed round."""
    shop.answers = lambda _: 409  # which may differ a moment later
    for url in ("http://127.0.0.1:1/hook", f"{shop.url}/hook"):
        code, text = asked(tmp_path, "--receiver-url", url.replace("//", "//user:hunter2@"), "-k", "steady", "-rA")
        assert code == 1
        assert "hunter2" not in text
        assert url.replace("//", "//***@") in text
