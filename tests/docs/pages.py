"""README.md and the pages under docs/, with their blocks, headings and links."""

import re
from pathlib import Path
from typing import NamedTuple

from docs.generate import pages
from docs.generate.place import ROOT

PAGES = pages.pages()
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
ALL_TEXT = "\n".join(page.read_text() for page in PAGES)

_FENCED = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")


class PageBlock(NamedTuple):
    """A fenced block, and the line of its page where it begins."""

    language: str
    text: str
    line: int


def blocks(page: Path, *languages: str) -> list[PageBlock]:
    """The page's blocks in these languages, in order."""
    text = page.read_text()
    found = (PageBlock(each[2], each[3], text.count("\n", 0, each.start()) + 1) for each in _FENCED.finditer(text))
    return [block for block in found if block.language in languages]


def prose(page: Path) -> str:
    """The page without its fenced blocks."""
    return _FENCED.sub("", page.read_text())


def anchors(page: Path) -> set[str]:
    """The anchors behind `#` that a link to the page may name, as GitHub and Sphinx make them of the headings."""
    headings = re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


def links(page: Path) -> list[str]:
    """The page's links to other pages and to headings; not those to other sites."""
    return [link for link in _LINK.findall(prose(page)) if "://" not in link]


def is_named(text: str) -> bool:
    """True if a page has these very words, not as a part of a longer name."""
    return re.search(rf"(?<![\w-]){re.escape(text)}(?![\w-])", ALL_TEXT) is not None


def ci_job(folder: Path) -> list[str]:
    """The command lines of the example's job."""
    return re.findall(r"^ +- run: (.*)$", (folder / "ci.yml").read_text(), re.MULTILINE)
