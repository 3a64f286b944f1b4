from pathlib import Path
from typing import Any

import pytest

from frontsim.cli.commands.verify_options import STANDARD_OUTPUT, check, put
from frontsim.errors import Unusable


def options(**files: Path | None) -> dict[str, Any]:
    return {"html_file": None, "junit_file": None, "json_file": None, **files}


def test_what_can_be_written_is_fine(tmp_path: Path) -> None:
    """A new file, one that exists, standard output, and none at all; checking makes no file."""
    (tmp_path / "old.xml").write_text("old")
    check(options(html_file=tmp_path / "new.html", junit_file=tmp_path / "old.xml", json_file=STANDARD_OUTPUT))
    assert ["old.xml"] == [file.name for file in tmp_path.iterdir()]


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match=r"expected a file that can be written, got no folder"):
        check(options(json_file=tmp_path / "none" / "o.json"))


def test_a_file_is_written_whole_or_on_standard_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Text and bytes; what was in the file before is gone."""
    file = tmp_path / "o"
    file.write_text("something longer than that")
    put(file, "Åse")
    put(STANDARD_OUTPUT, b"{}")
    assert ("Åse", "{}") == (file.read_text(), capsys.readouterr().out)


def test_a_file_that_cannot_be_written_is_a_warning(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The verdict stands, so nothing is raised."""
    put(tmp_path, b"a folder is no file")
    assert f"Warning: {tmp_path}: expected a file that can be written, got Is a directory" in capsys.readouterr().err
