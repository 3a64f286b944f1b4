import ast
import re
from pathlib import Path

import pytest

from tests.docs.pages import NAMES, PAGES, ROOT, anchors, blocks, links, prose


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_links_lead_somewhere(page: Path) -> None:
    """To a file, and to a heading in it."""
    broken = []
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert [] == broken


def test_every_page_is_linked_from_the_index() -> None:
    index = ROOT / "docs" / "index.md"
    linked = {(index.parent / link).resolve() for link in links(index)}
    assert set() == {page for page in PAGES if page.parent != ROOT} - linked - {index}


def test_every_page_is_in_the_menu_of_the_site() -> None:
    """Read as text, because importing conf.py takes the extra `docs`."""
    module = ast.parse((ROOT / "docs" / "conf.py").read_text())
    (kinds,) = (ast.literal_eval(each.value) for each in module.body if ast.unparse(each).startswith("KINDS ="))
    menu = {ROOT / "docs" / kind / f"{name}.md" for kind, names in kinds.items() for name in names}
    assert menu == {page for page in PAGES if page.parent.parent == ROOT / "docs"}


def test_pages_of_the_site_link_within_it() -> None:
    """A link out of docs/ is dead on the site: name the path as code instead."""
    outward = [
        (page.name, link)
        for page in PAGES
        if page.parent != ROOT
        for link in links(page)
        if ROOT / "docs" not in (page.parent / link).resolve().parents and not link.startswith("#")
    ]
    assert [] == outward


PACKAGE = ROOT / "simulator" / "frontsim"
ARCHITECTURE = ROOT / "docs" / "explanation" / "architecture.md"


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_paths_of_the_code_exist(page: Path) -> None:
    """A page that names a module by its path names one that is there."""
    named = re.findall(r"`((?:simulator|tests|docs|loadtests|contracts|scenarios)/[a-z0-9_./-]+)`", prose(page))
    assert [] == [path for path in named if not (ROOT / path).exists()]


def test_what_is_where_is_there() -> None:
    """A name in brackets behind a path is declared in that file: `domain/faults.py` (`fault_for`)."""
    pairs = re.findall(r"`(simulator/[\w./]+\.py)` \(`(\w+)`\)", ARCHITECTURE.read_text())
    assert pairs
    for path, name in pairs:
        assert re.search(rf"^(?:(?:async )?def |class )?{name}\b", (ROOT / path).read_text(), re.MULTILINE), (
            path,
            name,
        )


def test_the_way_of_one_event_leads_through_modules_that_exist() -> None:
    (way,) = blocks(ARCHITECTURE, "text")
    modules = re.findall(r"\b(?:\w+/)+\w+\.py\b", way.text)
    assert len(modules) > 5
    assert [] == [path for path in modules if not (PACKAGE / path).exists()]


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 150
