"""Benches that `make bench` runs: that each still fits what it measures, not what it finds."""

import pytest
from bench import BENCHES, HERE, LONG

from tests.load.benches import run_tiny

pytestmark = pytest.mark.slow


def test_every_bench_in_a_process_of_its_own_is_known() -> None:
    """`bench.py` runs each module of benches/ that is a program: one that it does not know would break unseen."""
    programs = [file.stem for file in (HERE / "benches").glob("*.py") if "__main__" in file.read_text()]
    assert [] == [name for name in programs if f'"{name}"' not in (HERE / "bench.py").read_text()]


@pytest.mark.parametrize("name", [name for name in BENCHES if name not in LONG])
def test_a_bench_runs(name: str) -> None:
    """At its smallest; `make stacks` runs those that `make bench` leaves out."""
    run_tiny(name)
