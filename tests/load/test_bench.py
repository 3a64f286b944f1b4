"""The benches' registry; `make stacks` runs each bench at its smallest."""

from bench import HERE


def test_every_bench_in_a_process_of_its_own_is_known() -> None:
    """`bench.py` runs each module of benches/ that is a program: one that it does not know would break unseen."""
    programs = [file.stem for file in (HERE / "benches").glob("*.py") if "__main__" in file.read_text()]
    assert [] == [name for name in programs if f'"{name}"' not in (HERE / "bench.py").read_text()]
