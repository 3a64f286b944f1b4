"""The single place that finds our data folders, in a checkout or in an installed wheel.

`contracts`, `scenarios` and `loadtests` stand at the top of a checkout, where people look for them, and
inside the package in a wheel, where a pip user's own packages of those names cannot hide them.
"""

from pathlib import Path

_PACKAGE = Path(__file__).parent


def folder(name: str) -> Path:
    """The folder `contracts`, `scenarios` or `loadtests`."""
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parents[1] / name


def asset(name: str) -> str:
    """A text file of `assets`: what the HTML report and the web page share."""
    return (_PACKAGE / "assets" / name).read_text("utf-8")


def page_assets() -> list[Path]:
    """The files that the web page loads: stylesheets and JavaScript modules, each name once."""
    assets = _PACKAGE / "assets"
    return [assets / "frontsim.css", *sorted((assets / "page").iterdir())]
