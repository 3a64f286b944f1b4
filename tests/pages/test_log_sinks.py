"""The page's read of the sinks."""

from tests.support.simulation import Simulation


def test_names_and_the_newest_calls(sim: Simulation):
    """Calls of any method and path, the last one first, with what was answered and recorded; no header's secret."""
    assert [] == sim.does("page/sinks", method="GET")
    for number in range(150):
        sim.does("sink/erp", {"n": number})
    sim.http.put(f"{sim.server}/_sim/sink/shop/orders/7?a=1", content=b"x" * 70_000, headers={"x-api-key": "hunter2"})
    sim.http.get(f"{sim.server}/_sim/sink/shop/orders/7")
    counts = sim.does("page/sinks", method="GET")
    assert [("erp", 150, 150), ("shop", 2, 1)] == [tuple(each.values()) for each in counts]
    erp = sim.does("page/sinks/erp", method="GET")
    assert [f'{{"n":{number}}}' for number in range(149, 49, -1)] == [call["body"] for call in erp]
    read, put = sim.does("page/sinks/shop", method="GET")
    assert ("GET", "/orders/7", 200, False) == (read["method"], read["path"], read["status"], read["recorded"])
    assert ("PUT", "a=1", 64 * 1024, True) == (put["method"], put["query"], len(put["body"]), put["recorded"])
    assert "hunter2" not in str(put["headers"])
    assert [] == sim.does("page/sinks/none", method="GET")
