"""The receivers of docs/examples, as they are shown: `make stacks` plays them."""

import pytest

from docs.generate import examples
from docs.generate.examples import EXAMPLES
from tests.docs.pages import ci_job


@pytest.mark.parametrize("folder", examples.STACKS)
def test_an_example_is_short(folder: str) -> None:
    """A receiver has at most 70 lines, a workflow 11 (a job of ten), and the effects query one."""
    for path in (EXAMPLES / folder).iterdir():
        assert len(path.read_text().splitlines()) <= (11 if path.name == "ci.yml" else 70), path
    assert 1 == ci_job(EXAMPLES / folder)[-1].count("SELECT event_id")
