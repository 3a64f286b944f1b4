from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from frontsim.payloads.world.seeded_draws import SeededDraws, spread


def test_the_same_key_shows_the_same_faces() -> None:
    """Draws depend on (seed, purpose, number) and nothing else."""
    first, second = SeededDraws(7, "sale", 3), SeededDraws(7, "sale", 3)

    assert [first.below(1000) for _ in range(200)] == [second.below(1000) for _ in range(200)]


def test_other_keys_show_other_faces() -> None:
    """Seed, purpose and number all count."""
    keys = ((7, "sale", 3), (8, "sale", 3), (7, "order", 3), (7, "sale", 4))

    assert len(keys) == len({SeededDraws(*key).below(2**32) for key in keys})


@given(st.integers(0, 2**63), st.integers(1, 2**32))
def test_a_draw_stays_below_its_limit(seed: int, limit: int) -> None:
    """`below` gives 0 to limit - 1, however often the pool has been filled up."""
    draws = SeededDraws(seed, "limit", 0)

    assert all(0 <= draws.below(limit) < limit for _ in range(60))


def test_faces_are_spread_evenly() -> None:
    """Of 6,000 draws of six, each face comes 1,000 times, give or take 150 (five standard deviations)."""
    draws = SeededDraws(1, "fair", 0)
    faces = [draws.below(6) for _ in range(6000)]

    assert all(850 < faces.count(face) < 1150 for face in range(6))


def test_between_includes_both_ends() -> None:
    """`between(3, 5)` gives 3, 4 and 5."""
    draws = SeededDraws(1, "ends", 0)

    assert {draws.between(3, 5) for _ in range(100)} == {3, 4, 5}


def test_a_uuid_is_of_version_4() -> None:
    """`uuid` is the text form of a random UUID, and two differ."""
    draws = SeededDraws(1, "uuid", 0)
    texts = [draws.uuid() for _ in range(50)]

    assert len(set(texts)) == 50
    for text in texts:
        assert (UUID(text).version, UUID(text).variant, str(UUID(text))) == (4, UUID(text).variant, text)


def test_spread_belongs_to_the_seed() -> None:
    """`spread` is below its limit, the same each time, and differs between seeds."""
    assert spread(1, "store", 1500) == spread(1, "store", 1500)
    assert len({spread(seed, "store", 10**9) for seed in range(20)}) == 20
    assert all(spread(seed, "x", 3) < 3 for seed in range(20))
