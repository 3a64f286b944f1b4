import re
from pathlib import Path

import pytest

from docs.generate import pages
from docs.generate.markdown import table
from tests.docs.pages import ALL_TEXT, NAMES, PAGES


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_tables_are_as_the_registries_say(page: Path) -> None:
    text = page.read_text()
    assert text == pages.rendered(text), f"{page.name} is older than the code: run `make docs`"


def test_every_table_stands_on_some_page() -> None:
    assert set(pages.TABLES) == set(re.findall(r"^<!-- generated: ([a-z-]+) -->$", ALL_TEXT, re.MULTILINE))


def test_a_changed_registry_changes_the_page() -> None:
    page = "before\n<!-- generated: settings -->\nold\n<!-- end -->\nbehind\n"
    now = pages.rendered(page)
    assert "| `--port` | `FRONTSIM_PORT` | `8400` |" in now
    assert "\nold\n" not in now
    assert now.startswith("before\n")
    assert now.endswith("<!-- end -->\nbehind\n")
    assert now == pages.rendered(now)


def test_a_comment_without_a_table_is_refused() -> None:
    with pytest.raises(KeyError, match="nothing"):
        pages.rendered("<!-- generated: nothing -->\n<!-- end -->\n")


def test_a_bar_in_a_cell_does_not_end_it() -> None:
    assert "| a\\|b |\n" == table(["a|b"], [])[:9]


def test_check_names_a_page_that_is_older_and_leaves_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without --check the page is written, and the next check has nothing to say."""
    page = tmp_path / "README.md"
    page.write_text(old := "<!-- generated: settings -->\n<!-- end -->\n")
    monkeypatch.setattr(pages, "ROOT", tmp_path)
    assert 1 == pages.main(["--check"])
    assert "README.md is older than the code: run `make docs`\n" == capsys.readouterr().out
    assert old == page.read_text()
    assert 0 == pages.main([])
    assert "README.md: written\n" == capsys.readouterr().out
    assert 0 == pages.main(["--check"])
