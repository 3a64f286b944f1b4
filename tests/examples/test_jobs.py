"""The jobs of docs/examples, in four languages: right ones, so they are never accused."""

import pytest

from tests.recovery.examples import EXAMPLES, command_of
from tests.recovery.playing import assert_all_verified

pytestmark = pytest.mark.long


@pytest.mark.parametrize("name", EXAMPLES)
def test_it_is_verified(name: str) -> None:
    """In every case in which right jobs differ."""
    assert_all_verified(command_of(name))
