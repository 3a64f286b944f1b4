import pytest

from frontsim.errors import Unusable
from frontsim.verification.compare.contents import read_column_map, read_state_map
from frontsim.verification.compare.state_events import SUM


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("map.toml", 'amount = "total"\nstatus = ""\n[SaleCreated]\nsold = "saleDateTime"\n'),
        ("map.json", '{"amount": "total", "status": "", "SaleCreated": {"sold": "saleDateTime"}}'),
    ],
)
def test_a_map_is_toml_or_json(tmp_path, name, text):
    """For all types, or for one."""
    (tmp_path / name).write_text(text)
    assert {"amount": "total", "status": "", "SaleCreated.sold": "saleDateTime"} == read_column_map(tmp_path / name)


def test_without_a_file_nothing_is_named():
    assert {} == read_column_map(None)


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("map.toml", "[", "expected TOML, or JSON in a file"),
        ("map.json", "{", "expected TOML, or JSON in a file"),
        ("map.json", "[]", "expected an object such as"),
        ("map.toml", "amount = 1", "amount: expected the path of a field as a text, got 1"),
        ("map.toml", "[A]\nb = [1]", "A.b: expected the path of a field as a text"),
        ("map.toml", None, "expected a file that can be read"),
    ],
)
def test_what_is_no_map_is_refused(tmp_path, name, text, told):
    """The text names the file and the key."""
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(Unusable, match=f"--observe-map.*{told}"):
        read_column_map(tmp_path / name)


def test_the_columns_of_the_state_have_a_table_of_their_own(tmp_path):
    """They hold a level of a movement, the sum of quantities, a field of a customer, or nothing that is compared."""
    file = tmp_path / "map.toml"
    file.write_text('amount = "total"\n[state]\non_hand = "stockLevel"\nn = "quantity"\nold = ""\nmail = "email"\n')
    assert {"on_hand": "stockLevel", "n": SUM, "old": "", "mail": "email"} == read_state_map(file)
    assert {} == read_state_map(None)


def test_a_column_of_the_state_that_holds_something_else_is_refused(tmp_path):
    """The message lists what it may hold."""
    file = tmp_path / "map.toml"
    file.write_text('[state]\non_hand = "total"\n')
    with pytest.raises(
        Unusable,
        match=r"state\.on_hand: expected stockLevel, .*, quantity, a field of CustomerUpdated or \"\", got 'total'",
    ):
        read_state_map(file)
