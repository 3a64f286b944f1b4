"""The proof's own rules, on lines that no exploration has written."""

from itertools import islice

from frontsim.subjects.combinations import COMBINED
from frontsim.subjects.registry import BROKEN, CORRECT
from tests.explore.proof import asked_for, is_proven, told

LINE = {
    "name": "no-dedupe",
    "seed": 1,
    "found": ["duplicated"],
    "firstS": 61.0,
    "firstAfter": 90,
    "steps": [2],
    "recurrence": ["10 of 10 tries"],
    "schedules": 100,
    "notTried": {},
    "load": 0.5,
}
LATE = {**LINE, "firstS": 61.0}
IN_TIME = {**LINE, "firstS": 59.0}
ANOTHER_CLASS = {**LINE, "firstS": None, "firstAfter": None, "found": ["lost-after-ack"], "steps": [], "recurrence": []}


def test_the_right_class_counts_when_it_was_found_in_time():
    """A busy machine is slow, so there schedules count in place of seconds; kills have twice the time."""
    assert (False, True, False) == tuple(map(is_proven, (LATE, IN_TIME, ANOTHER_CLASS)))
    assert is_proven({**LATE, "load": 999.0})
    assert not is_proven({**IN_TIME, "load": 999.0, "firstAfter": 301})
    assert is_proven({**LATE, "name": "memory-dedupe"})
    assert not is_proven({**LINE, "name": "reference"})


def test_a_part_of_the_proof_says_something_about_all():
    """Seed 1 of each comes first, and the kinds take turns; no exploration comes twice."""
    asked = [(variant.name, seed) for variant, seed in asked_for((), None)]
    assert len(asked) == len(set(asked))
    assert {1} == {seed for _, seed in islice(asked, len(COMBINED) + len(CORRECT) + len(BROKEN) - 2)}
    assert {name for name, _ in asked[:3]} & set(CORRECT)


def test_the_report_says_what_is_short():
    """Seen once is no recurrence; a median of steps is that of all findings of the right class."""
    long = {**LINE, "seed": 2, "steps": [9, 9], "recurrence": ["seen once in 13 tries", "3 of 10 tries"]}
    rows = list(told([IN_TIME, long]))
    assert "| `no-dedupe` | 1 of 2 | 60 s | 90 | 9 | 2 of 3 | 200 | 0 | 0.5 to 0.5 |" in rows
    assert any("Of 1 receivers that make one mistake, 0 were found" in row and "and 0 have" in row for row in rows)
