"""The page's read of the sinks."""

from tests.support.simulation import Simulation


def test_names_and_the_newest_records(sim: Simulation):
    assert [] == sim.does("page/sinks", method="GET")
    for number in range(250):
        sim.does("sink/erp", {"n": number})
    sim.does("sink/shop", "x")
    shown = sim.does("page/sinks", method="GET")
    assert [{"name": "erp", "records": 250}, {"name": "shop", "records": 1}] == shown
    newest = sim.does("page/sinks/erp", method="GET")
    assert [f'{{"n":{number}}}' for number in range(249, 49, -1)] == newest
    assert [] == sim.does("page/sinks/none", method="GET")
