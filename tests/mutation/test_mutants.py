"""Which mistakes are made in a module's place, and where none is."""

import pytest

from tests.mutation.mutants import mutants_of, with_hits


def changes(source):
    return {(mutant.before, mutant.after) for mutant in mutants_of(source, "toy.py")}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = 7", {("7", "8"), ("7", "6")}),
        ("x = ''", {("''", "'mutant'")}),
        ("x = f'{y} z'", {("f'{y} z'", "''")}),
        ("x = True", {("True", "False")}),
        ("x = a < b", {("a < b", "a <= b"), ("a < b", "a >= b")}),
        ("x = a in b", {("a in b", "a not in b")}),
        ("x = a and b", {("a and b", "a or b"), ("a and b", "a"), ("a and b", "b")}),
        ("x = not a", {("not a", "a")}),
        ("x = a + b", {("a + b", "a - b")}),
        ("x = a if b else c", {("b", "True"), ("b", "False")}),
        ("x = [a for a in b if a]", {("a", "True"), ("a", "False")}),
        ("x = any(a)", {("any(a)", "all(a)")}),
        ("x = sorted(a, key=b)", {("sorted(a, key=b)", "list(a)"), ("sorted(a, key=b)", "sorted(a)")}),
        ("x = {a, b}", {("{a, b}", "{b}"), ("{a, b}", "{a}")}),
        ("x = {a: b}", {("{a: b}", "{}")}),
        ("x[0] = a", {("0", "1"), ("0", "-1"), ("x[0] = a", "")}),
        ("x += a", {("x += a", "x -= a"), ("x += a", "")}),
        ("f(x)", {("f(x)", "")}),
        ("raise x", {("raise x", "")}),
        ("def f(): return x", {("x", "None")}),
        ("def f(): return a[b:]", {("a[b:]", "None"), ("b", "None")}),
        ("for a in b:\n  continue", {("b", "()"), ("continue", "break"), ("continue", "")}),
    ],
)
def test_a_mistake_for_each_kind_of_code(source, expected):
    assert expected == changes(source)


@pytest.mark.parametrize(
    "source",
    [
        '"""A docstring."""',
        "import a",
        "assert a < b",
        "def f(a: 'int | None') -> 'x': pass",
        "@d(1)\nclass A: pass",
        "x: int",
        "X = Callable[[A, B], None]",
        "x = field(repr=False)",
    ],
)
def test_what_no_test_should_hold_is_left_alone(source):
    """Words for readers, types, decorators, our own impossibilities, and how a value looks in a traceback."""
    assert set() == changes(source)


def test_a_mutant_is_the_whole_module_with_one_mistake():
    """The next one is made of the original again, and each knows its function: defaults belong to none."""
    source = "def f(a=1):\n  return a + 2\nclass A:\n  def g(self): return f() == 3\n"
    values = []
    for mutant in mutants_of(source, "toy.py"):
        names = {}
        exec(mutant.code(), names)
        values.append((mutant.function, mutant.line, names["f"](), names["A"]().g()))
    assert [
        ("", 1, 4, False),  # 2 + 2
        ("", 1, 2, False),  # 0 + 2
        ("f", 2, None, False),
        ("f", 2, -1, False),  # 1 - 2
        ("f", 2, 4, False),  # 1 + 3
        ("f", 2, 2, False),  # 1 + 1
        ("A.g", 4, 3, None),
        ("A.g", 4, 3, False),  # !=
        ("A.g", 4, 3, False),  # 4
        ("A.g", 4, 3, False),  # 2
    ] == values


def test_a_long_text_shows_only_its_differences():
    """A table of many entries is no message."""
    words = [f"word number {number}" for number in range(20)]
    told = [before for before, _ in changes(f"x = {words}") if before.startswith(("[", "..."))]
    assert 20 == len(told)
    assert max(map(len, told)) < 100


def test_functions_tell_that_they_are_called():
    hits, names = [], {}
    names["_mutation_hit"] = hits.append
    exec(with_hits("def f(): return 1\nclass A:\n  def g(self): return (lambda: f())()\n", "toy.py"), names)
    assert (1, ["A.g", "f"]) == (names["A"]().g(), hits)
