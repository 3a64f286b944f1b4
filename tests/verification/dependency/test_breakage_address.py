"""`--dependency` takes addresses, and refuses the rest."""

import pytest

from frontsim.errors import BadInput
from frontsim.verification.dependency.breakage import DependencyAddress, read_address, read_addresses


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("db=127.0.0.1:5432", DependencyAddress("db", "127.0.0.1", 5432)),
        ("db=localhost:5432@15432", DependencyAddress("db", "localhost", 5432, 15432)),
        ("shop-api=[::1]:80", DependencyAddress("shop-api", "::1", 80)),
        ("db=db.example.com:1", DependencyAddress("db", "db.example.com", 1)),
    ],
)
def test_an_address_is_read(text, expected):
    assert expected == read_address(text)


def test_an_address_says_where_to_put_its_port():
    address = read_address("shop-api=[::1]:80")
    expected = ("[::1]:80", "{shop-api_port}", "FRONTSIM_DEPENDENCY_SHOP_API")
    assert expected == (address.shown, address.placeholder, address.variable)


@pytest.mark.parametrize(
    "text", ["", "db", "db=host", "=host:1", "db=host:x", "db=::1:80", "9=host:1", "db=host:0", "db=host:70000",
             "db=host:1@70000", "db=/var/run/pg.sock", "db=postgresql://host:1"],
)  # fmt: skip
def test_what_is_no_address_is_refused(text):
    """With what was expected and what came."""
    with pytest.raises(BadInput, match=r"--dependency: expected .*, got "):
        read_address(text)


def test_two_that_share_a_variable_are_refused():
    with pytest.raises(BadInput, match="'my-db' and 'MY_DB'"):
        read_addresses(["my-db=a:1", "MY_DB=b:2"])
