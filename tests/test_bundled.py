"""Finding our data folders."""

import json

import pytest

from frontsim import bundled


@pytest.mark.parametrize("name", ["contracts", "scenarios", "loadtests"])
def test_the_folders_are_there(name: str):
    """In a checkout beside the package, in a wheel inside it."""
    assert bundled.folder(name).is_dir()
    assert any(bundled.folder(name).iterdir())


def test_the_catalogue_is_in_contracts():
    """21 types, published."""
    assert 21 == len(json.loads((bundled.folder("contracts") / "events.json").read_text("utf-8")))


def test_inside_the_package_wins(tmp_path, monkeypatch: pytest.MonkeyPatch):
    """A user's own folder of that name beside an installed package is not taken for ours."""
    package = tmp_path / "simulator" / "frontsim"
    (package / "contracts").mkdir(parents=True)
    (tmp_path / "contracts").mkdir()
    (tmp_path / "scenarios").mkdir()
    monkeypatch.setattr(bundled, "_PACKAGE", package)
    assert package / "contracts" == bundled.folder("contracts")
    assert tmp_path / "scenarios" == bundled.folder("scenarios")


def test_the_stylesheet_is_in_the_package():
    """The report and the web page share it; it loads nothing."""
    style = bundled.asset("frontsim.css")
    assert "prefers-color-scheme: dark" in style
    assert [] == [word for word in ("url(", "@import", "</style") if word in style]
