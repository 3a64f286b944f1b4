import orjson

from frontsim.payloads.documents.orders import draw_reservation, reservation_json, reservation_moved
from frontsim.payloads.world.seeded_draws import SeededDraws
from frontsim.payloads.world.world import World


def test_a_reservation_moves_as_a_whole() -> None:
    """Both its moments by the same time; nothing else changes."""
    world = World(1)
    made = draw_reservation(SeededDraws(1, "reservation", 1), world, world.shops[0], number=1, at=30_000)
    later = reservation_moved(made, 300)

    assert (30_300, made.expires + 300) == (later.made, later.expires)
    before, after = (orjson.loads(orjson.dumps(reservation_json(each))) for each in (made, later))
    assert {"ins", "expirationDateTime"} == {name for name in before if before[name] != after[name]}
