import pytest

from frontsim.errors import BadInput, Unusable
from frontsim.recovery import judge
from frontsim.recovery.case import Operation, PastState, bundled_cases, chosen, read

CASES = bundled_cases()


def test_there_is_a_case_for_everything_that_a_job_meets():
    """As many as there are files, each with its two sentences."""
    assert len(CASES) >= 34
    assert all(case.breaks.endswith(".") and case.holds.endswith(".") for case in CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_case_has_failures_that_a_start_is_due_to_find(case):
    """A case without one proves nothing."""
    before = [
        group for group in case.past if group.state is PastState.FAILED and not case.webhooks[group.webhook].deleted
    ]
    assert before or any(start.fails_before for start in case.starts)


def test_the_contract_names_cases_that_there_are():
    """A clause for a case that is gone would never be broken."""
    names = {case.name for case in CASES}
    assert set() == {name for clause in judge.job_contract() for name in clause.only_in - names}


def test_an_unknown_case_is_refused_with_those_that_there_are():
    """So that a typo does not play all of them."""
    with pytest.raises(BadInput, match=r"expected a case, got 'nothing': a-plain-failure, "):
        chosen(["nothing"])


def test_a_case_is_read_whole(tmp_path):
    """Every key has its place."""
    file = tmp_path / "mine.toml"
    file.write_text(
        'breaks = "A."\nholds = "B."\nleft = "crashed"\nclock_s = -60\n'
        '[[webhook]]\nevent = "InvoiceCreated"\nrefuses_resends = 2\n'
        '[[past]]\nage = "1.5h"\ncount = 3\nstate = "delivered"\n'
        '[[start]]\nkill_after_resends = 2\n[[start.api]]\noperation = "list"\nhow = "hang"\n'
        "seconds = 0.5\ntimes = -1\n"
    )
    case = read(file)
    assert ("mine", "crashed", -60) == (case.name, case.left, case.clock_s)
    assert ("InvoiceCreated", 2) == (case.webhooks[0].event, case.webhooks[0].refuses_resends)
    assert (5400, 3, PastState.DELIVERED) == (case.past[0].age_s, case.past[0].count, case.past[0].state)
    (broken,) = case.starts[0].api
    assert (Operation.LIST, "hang", 0.5, -1) == (broken.operation, broken.how, broken.seconds, broken.times)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("x = 1", "x: expected one of breaks"),
        ('left = "lost"', "left: expected one of missed"),
        ('[[past]]\nage = "soon"', r"past\[0\].age: expected a number and s, m, h or d, such as 3h, got 'soon'"),
        ("[[past]]\nwebhook = 1", "webhook: expected a place below 1, got 1"),
        ("[[start]]\ncopies = 0", r"start\[0\].copies: expected a whole number, 1 or more, got 0"),
        ('[[start]]\n[[start.api]]\nhow = "loudly"', r"api\[0\].how: expected one of status"),
        ("[[webhook]]\n[[webhook]]\nrefuses_resends = 1", "webhook: expected webhooks of one event type to be alike"),
        ("past = 3", r"past: expected tables, each under \[\[past\]\], got 3"),
        ("=", "expected TOML"),
    ],
)
def test_a_wrong_case_says_what_is_wrong(tmp_path, line, told):
    """With the file, the key, what was expected and what came."""
    file = tmp_path / "wrong.toml"
    file.write_text(f'breaks = "A."\nholds = "B."\n{line}\n')
    with pytest.raises(Unusable, match=told) as raised:
        read(file)
    assert str(file) in str(raised.value)
