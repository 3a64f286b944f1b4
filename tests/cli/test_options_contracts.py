"""`--contracts`."""

from pathlib import Path

import pytest

from frontsim import catalog
from frontsim.cli.options import load
from frontsim.errors import Unusable


def names(folder: Path | None) -> set[str]:
    return {each.name for each in load(folder)}


def test_a_folder_adds_types_to_the_bundled_ones(tmp_path: Path) -> None:
    (tmp_path / "events.json").write_text('[{"name": "Mine", "trigger": "Now and then"}]')
    (tmp_path / "Mine.json").write_text('{"type": "object"}')
    bundled = {each.name for each in catalog.load()}
    assert (bundled, bundled | {"Mine"}) == (names(None), names(tmp_path))


def test_a_folder_that_is_wrong_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "events.json").write_text("{")
    with pytest.raises(Unusable, match=r"events\.json"):
        load(tmp_path)
