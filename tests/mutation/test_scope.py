"""The scope of mutation, and its excuses."""

import pytest

from tests.mutation import scope
from tests.mutation.mutants import mutants_of


def test_what_judges_is_mutated():
    """The issue's four: judge, facts, settle, faults; each module with tests of its own."""
    names = {module.path for module in scope.modules()}
    assert {"verification/judge/rules.py", "verification/effects/classes.py", "domain/faults.py"} <= names
    assert any("settle" in name for name in names)
    assert [] == [module.path for module in scope.modules() if not module.tests]


def test_modules_are_chosen_by_a_part_of_their_path():
    assert ["verification/effects/classes.py"] == [module.path for module in scope.modules(["effects/classes"])]
    assert [] == scope.modules(["nothing of this name"])


@pytest.mark.parametrize("named", scope.equivalents(), ids=lambda each: f"{each.module}:{each.function}:{each.before}")
def test_what_is_excused_is_a_mutant_with_a_reason(named):
    """Code that moved takes its excuse with it, or loses it."""
    module = scope.Module(named.module)
    assert any(named.is_mutant(module, mutant) for mutant in mutants_of(module.file.read_text(), str(module.file)))
    assert len(named.reason) > 20
