import pytest

from frontsim.client.errors import Unreachable
from frontsim.client.reconcile import ReconcileResult
from frontsim.client.reconcile_state import as_prometheus, write
from frontsim.errors import Unusable


def test_the_text_that_prometheus_reads():
    """Help, type and value of each gauge; labels are escaped."""
    results = [ReconcileResult("a", 3, 2, 3, ()), ReconcileResult('b"\\', 0, 0, 0, (), Unreachable("gone"))]
    lines = as_prometheus(results, ended_s=1_790_000_000.25, duration_s=1.5, exit_code=1).splitlines()
    assert "frontsim_reconcile_last_run_timestamp_seconds 1790000000.25" in lines
    assert "# TYPE frontsim_reconcile_events_listed gauge" in lines
    assert 'frontsim_reconcile_events_listed{webhook="a"} 3' in lines
    assert 'frontsim_reconcile_stopped{webhook="b\\"\\\\"} 1' in lines
    assert len({line for line in lines if line.startswith("# TYPE")}) * 2 == sum(line[0] == "#" for line in lines)


def test_the_file_is_replaced_whole(tmp_path):
    """Nothing else is left beside it."""
    file = tmp_path / "job.prom"
    write(file, "old")
    write(file, "new\n")
    assert ("new\n", [file]) == (file.read_text(), list(tmp_path.iterdir()))


def test_a_file_that_cannot_be_written_is_refused(tmp_path):
    """With its name."""
    with pytest.raises(Unusable, match="--metrics: expected a file that can be written"):
        write(tmp_path / "nowhere" / "job.prom", "")
