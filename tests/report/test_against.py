"""Two runs compared: what is new, fixed and the same, and what cannot be compared."""

from dataclasses import replace
from html import unescape
from pathlib import Path
from xml.etree import ElementTree as ET

import orjson
import pytest

from frontsim.errors import Unusable
from frontsim.report.against import compared, read_earlier
from frontsim.report.as_json import as_data, as_json
from frontsim.report.html import as_html
from frontsim.report.junit import as_junit
from frontsim.report.model import RunResult
from frontsim.report.text import as_markdown, lines
from frontsim.verdicts import Verdict
from frontsim.verification.result import result_of


@pytest.fixture
def result(report) -> RunResult:
    return replace(result_of(report), version="1.0")


def written(result: RunResult, folder: Path) -> Path:
    file = folder / "last.json"
    file.write_bytes(as_json(result))
    return file


def without_findings(result: RunResult) -> RunResult:
    trials = tuple(
        replace(each, findings=(), verdict=Verdict.VERIFIED) if each.findings else each for each in result.trials
    )
    return replace(result, trials=trials, verdict=Verdict.VERIFIED)


def test_a_finding_is_new_fixed_or_the_same(result: RunResult, tmp_path: Path) -> None:
    """Whatever its event's id: those differ in every run."""
    right = without_findings(result)
    fixed = compared(right, read_earlier(written(result, tmp_path))).against
    new = compared(result, read_earlier(written(right, tmp_path))).against
    same = compared(result, read_earlier(written(result, tmp_path))).against
    assert fixed
    assert new
    assert same
    assert fixed.fixed == new.new == same.same != ()
    assert () == fixed.new == fixed.same == new.fixed == new.same == same.new == same.fixed


def test_what_was_judged_in_one_run_only_is_named(result: RunResult, tmp_path: Path) -> None:
    trials = [replace(each, verdict=Verdict.UNKNOWN) if each.findings else each for each in result.trials]
    earlier = read_earlier(written(replace(result, trials=tuple(trials[:-1])), tmp_path))
    change = compared(result, earlier).against
    assert change
    assert () == change.new == change.fixed
    assert any(each.startswith(f"{trials[-1].name}: not played then, ") for each in change.left_out)
    assert any(each.endswith(": unknown then, violated now") for each in change.left_out)


@pytest.mark.parametrize(
    ("other", "told"),
    [({"seed": 8}, "the seed differs: 7 then, 8 now"), ({"version": "2.0"}, "the version differs: 1.0 then, 2.0 now")],
)
def test_another_seed_or_version_is_named_and_not_compared(
    result: RunResult, other: dict[str, object], told: str, tmp_path: Path
) -> None:
    change = compared(replace(result, **other), read_earlier(written(result, tmp_path))).against  # type: ignore[arg-type]
    assert change
    assert ((), (), (), (told,)) == (change.new, change.fixed, change.same, change.left_out)


def test_a_type_that_is_booked_no_longer_violates(result: RunResult, tmp_path: Path) -> None:
    """Of a run alone, it would be one that the receiver acknowledges and never books."""
    earlier = read_earlier(written(replace(result, booked=("InvoiceCreated", "SaleCreated")), tmp_path))
    now = replace(without_findings(result), booked=("SaleCreated",), acknowledged_only=("InvoiceCreated",))
    found = compared(now, earlier)
    assert (Verdict.VIOLATED, ["InvoiceCreated"]) == (found.verdict, as_data(found)["against"]["noLongerBooked"])
    assert "  new: InvoiceCreated was booked then, and is acknowledged only now" in lines(found)


def test_each_form_has_the_changes(result: RunResult, tmp_path: Path) -> None:
    """The terminal, the page, the job's page and CI: one line for all event types of a scenario, class and clause."""
    change = compared(result, read_earlier(written(result, tmp_path)))
    assert change.against
    told = list(lines(change))
    assert 1 == told.count(str(change.against))
    same = [line.strip() for line in told if line.startswith("  same: ")]
    assert len({each[:3] for each in change.against.same}) == len(same) > 0
    page, markdown = unescape(as_html(change)), unescape(as_markdown(change))
    assert all(line in page and line in markdown for line in (*same, str(change.against)))
    failures = [failure.text or "" for failure in ET.fromstring(as_junit(change)).iter("failure")]
    assert sorted(same) == sorted(line for text in failures for line in text.split("\n") if line in same)


def test_ci_shows_what_is_fixed_at_its_case_and_fails_a_type_that_is_booked_no_longer(
    result: RunResult, tmp_path: Path
) -> None:
    """JUnit would be green otherwise, while verify ends with 1."""
    earlier = read_earlier(written(replace(result, booked=("InvoiceCreated", "SaleCreated")), tmp_path))
    now = replace(without_findings(result), booked=("SaleCreated",), acknowledged_only=("InvoiceCreated",))
    change = compared(now, earlier)
    root = ET.fromstring(as_junit(change))
    (failed,) = root.iter("failure")
    assert "InvoiceCreated was booked then, and is acknowledged only now" == failed.get("message")
    assert ("1", str(change.against)) == (
        root.get("failures"), root.find("testsuite/properties/property[@name='frontsim.against']").get("value"),  # type: ignore[union-attr]
    )  # fmt: skip
    told = "\n".join(out.text or "" for out in root.iter("system-out"))
    assert change.against
    assert {each.scenario for each in change.against.fixed} <= {line.split(": ")[1] for line in told.split("\n")[1:]}


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"{}",
        b'{"verdict": "verified"}',
        b"\xff",
        b'{"version": "1", "scenarios": [3]}',
        b'{"version": "1", "scenarios": [{"name": "steady", "verdict": "good", "findings": []}]}',
        orjson.dumps({"verdict": "violated", "job": "x", "version": "1", "cases": []}),
    ],
)
def test_a_file_that_is_no_report_is_refused(text: bytes, tmp_path: Path) -> None:
    """A job's report is none of a receiver."""
    file = tmp_path / "x.json"
    file.write_bytes(text)
    with pytest.raises(Unusable, match=r"x\.json: expected a report that `frontsim verify --json FILE` wrote"):
        read_earlier(file)
    with pytest.raises(Unusable, match="No such file"):
        read_earlier(tmp_path / "none.json")
