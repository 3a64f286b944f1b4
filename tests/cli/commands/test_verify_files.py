"""The forms in which `frontsim verify` writes its result."""

import json

import pytest

from frontsim.cli.commands import verify_options
from frontsim.report.text import lines

pytestmark = pytest.mark.slow


def test_every_form_of_the_result_is_written(verify, receiver, tmp_path, monkeypatch):
    """--json, --junit, --html, and the summary of a GitHub job, which is added to what is there."""
    summary = tmp_path / "summary.md"
    summary.write_text("# Job\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    files = [tmp_path / name for name in ("o.json", "o.xml", "o.html")]
    forms = [
        word for name, file in zip(("--json", "--junit", "--html"), files, strict=True) for word in (name, str(file))
    ]
    assert verify(*receiver(), "--scenario", "lost-response", *forms).exit_code == 0
    assert json.loads(files[0].read_text())["verdict"] == "verified"
    assert "<testsuites" in files[1].read_text()
    assert "<!doctype html>" in files[2].read_text()
    assert summary.read_text().startswith("# Job\n## ✅ Verdict: verified\n")


def test_json_on_standard_output_stands_alone(verify, receiver):
    """--json - leaves standard output to the JSON; the rest goes to standard error."""
    done = verify(*receiver(), "--scenario", "lost-response", "--json", "-")
    assert json.loads(done.stdout)["scenarios"][0]["name"] == "lost-response"
    assert "VERIFIED" in done.stderr


@pytest.mark.parametrize("option", ["--json", "--junit", "--html"])
def test_a_file_that_cannot_be_written_is_refused_before_anything_is_played(verify, receiver, tmp_path, option):
    """Half a minute of playing is not spent on a result that has no place."""
    done = verify(*receiver(), "--scenario", "lost-response", option, str(tmp_path / "none" / "o"))
    assert (done.exit_code, done.stdout) == (3, "")
    assert f"expected a file that can be written, got no folder {tmp_path / 'none'}" in done.stderr


def test_what_cannot_be_written_after_all_hides_neither_verdict_nor_other_files(
    verify, receiver, tmp_path, monkeypatch
):
    """A folder that goes away while we play: a warning, all other files, and the verdict's exit code."""
    folder = tmp_path / "goes"
    folder.mkdir()
    monkeypatch.setattr(verify_options, "lines", lambda report, **how: (folder.rmdir(), "", *lines(report, **how))[1:])
    files = [folder / "o.html", tmp_path / "o.xml", tmp_path / "o.json"]
    forms = ["--html", str(files[0]), "--junit", str(files[1]), "--json", str(files[2])]
    done = verify(*receiver("no-dedupe"), "--scenario", "lost-response", *forms)
    assert done.exit_code == 1
    assert f"Warning: {files[0]}: expected a file that can be written, got No such file" in done.stderr
    assert [False, True, True] == [file.exists() for file in files]


def test_a_github_summary_that_cannot_be_written_is_a_warning(verify, receiver, tmp_path, monkeypatch):
    """The user did not ask for it, and a receiver that is right stays verified."""
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "none" / "summary.md"))
    done = verify(*receiver(), "--scenario", "lost-response")
    assert done.exit_code == 0
    assert f"Warning: {tmp_path / 'none' / 'summary.md'}" in done.stderr
