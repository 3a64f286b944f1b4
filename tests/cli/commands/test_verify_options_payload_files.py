import dataclasses

import pytest

from frontsim.cli.commands.verify_options import prepare, save
from frontsim.errors import Unusable
from frontsim.report.exchange import Exchange, ReceivedAnswer, SentRequest
from frontsim.verification.effects.classes import Class
from frontsim.verification.effects.history import EventFact, History
from frontsim.verification.judge.checks import Finding, Judgement, Verdict
from frontsim.verification.played import Played, Report
from frontsim.verification.scenario import scenario

A, B = (f"0198c1d2-5a7e-7c1e-801a-5043b4e98e4{letter}" for letter in "ab")
STEADY = next(iter(scenario.chosen(["steady"])))


def report(*ids, exchanges=None):
    """A report with a finding for each id, each of an event with a payload."""
    findings = tuple(Finding(Class.LOST, "a-clause", "SaleCreated", each, "") for each in ids)
    events = tuple(EventFact("w", each, "SaleCreated", (), payload={"n": each}) for each in (*ids, "well"))
    played = Played(STEADY, History("steady", events), Judgement(Verdict.VIOLATED, findings=findings), exchanges or {})
    return Report("http://shop/hook", 7, [played], ())


def test_bodies_are_files_named_by_the_event(tmp_path):
    """Byte for byte, also one that would be masked in a report; the answer is masked. What is well leaves no file."""
    folder = tmp_path / "new" / "payloads"
    request = SentRequest("http://shop/hook", {}, '{"token":"hunter2", "å": 1}', 28)
    exchange = Exchange(request, ReceivedAnswer(1, 400, "Bad request", "token=hunter2"))
    prepare(folder)
    save(report(A, B, exchanges={A: exchange}), folder)
    assert [f"{A}.answer.txt", f"{A}.json", f"{B}.json"] == sorted(file.name for file in folder.iterdir())
    assert '{"token":"hunter2", "å": 1}' == (folder / f"{A}.json").read_text("utf-8")
    assert "answer: 400 Bad request\n  token=***\n" == (folder / f"{A}.answer.txt").read_text()
    assert f'{{"n":"{B}"}}' == (folder / f"{B}.json").read_text()


def test_a_folder_that_is_there_keeps_what_it_has(tmp_path):
    (tmp_path / "mine").write_text("x")
    prepare(tmp_path)
    save(report(A), tmp_path)
    assert [f"{A}.json", "mine"] == sorted(file.name for file in tmp_path.iterdir())


@pytest.mark.parametrize("below", ["", "under"])
def test_a_file_is_refused(tmp_path, below):
    """Before anything is played."""
    (tmp_path / "mine").write_text("x")
    with pytest.raises(Unusable, match=r"--save-payloads .*: expected a folder"):
        prepare(tmp_path / "mine" / below if below else tmp_path / "mine")
    assert "x" == (tmp_path / "mine").read_text()


def test_a_file_that_cannot_be_written_is_a_warning(tmp_path, capsys):
    """The verdict stands, and so do the other files."""
    (tmp_path / f"{A}.json").mkdir()
    save(report(A, B), tmp_path)
    assert "the verdict stands" in capsys.readouterr().err
    assert (tmp_path / f"{B}.json").is_file()


@pytest.mark.parametrize("hostile", ["../outside", "/tmp/outside", "a/b", "", "..", f"{A}\n", "x" * 300])
def test_an_id_that_is_no_uuid_names_no_file(tmp_path, hostile):
    """A hostile simulator chooses the ids; each gets a number, the same for its answer."""
    folder = tmp_path / "payloads"
    prepare(folder)
    exchange = Exchange(SentRequest("http://shop/hook", {}, "{}", 2), ReceivedAnswer(1, 400, "Bad request", ""))
    save(report(hostile, A, "..", exchanges={hostile: exchange}), folder)
    assert {"1.answer.txt", "1.json", f"{A}.json"} <= {file.name for file in folder.iterdir()}
    assert [folder] == list(tmp_path.iterdir())


def test_no_file_is_written_through_a_link(tmp_path):
    """Payloads are not masked: the files are the user's alone."""
    folder = tmp_path / "payloads"
    prepare(folder)
    mine = tmp_path / "mine"
    mine.write_text("x")
    (folder / f"{A}.json").symlink_to(mine)
    (folder / f"{B}.json").hardlink_to(mine)
    save(report(A, B), folder)
    assert "x" == mine.read_text()
    assert [0o100600, 0o100600] == [file.lstat().st_mode for file in folder.iterdir()]


def test_nothing_asked_for_writes_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    prepare(None)
    save(dataclasses.replace(report("a")), None)
    assert [] == list(tmp_path.iterdir())
