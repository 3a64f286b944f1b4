import re
from pathlib import Path

import pytest

from docs import generate
from tests.docs.pages import ALL_TEXT, NAMES, PAGES


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_tables_are_as_the_registries_say(page: Path) -> None:
    text = page.read_text()
    assert text == generate.rendered(text), f"{page.name} is older than the code: run `make docs`"


def test_every_table_stands_on_some_page() -> None:
    assert set(generate.TABLES) == set(re.findall(r"^<!-- generated: ([a-z-]+) -->$", ALL_TEXT, re.MULTILINE))


def test_a_changed_registry_changes_the_page() -> None:
    page = "before\n<!-- generated: settings -->\nold\n<!-- end -->\nbehind\n"
    now = generate.rendered(page)
    assert "| `--port` | `FRONTSIM_PORT` | `8400` |" in now
    assert "\nold\n" not in now
    assert now.startswith("before\n")
    assert now.endswith("<!-- end -->\nbehind\n")
    assert now == generate.rendered(now)


def test_a_comment_without_a_table_is_refused() -> None:
    with pytest.raises(KeyError, match="nothing"):
        generate.rendered("<!-- generated: nothing -->\n<!-- end -->\n")


def test_a_bar_in_a_cell_does_not_end_it() -> None:
    assert "| a\\|b |\n" == generate.table(["a|b"], [])[:9]
