"""Which modules are mutated, by which tests of their own, and which mutants no test can kill."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.mutation.mutants import Mutant
from tests.support.mirror import mirrored_tests

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "simulator" / "frontsim"
MUTATED = (
    "verification/judge/*.py",
    "verification/compare/*.py",
    "verification/effects/c*.py",
    "verification/effects/history.py",
    "verification/effects/look.py",
    "verification/effects/settle.py",
    "verification/effects/state_shape.py",
    "verification/patience.py",
    "domain/fault*.py",
    "delivery/send_plan.py",
    "recovery/judge.py",
)
"""Everything between what was recorded and the verdict, and what breaks a delivery."""
FURTHER_TESTS = {  # each rule is seen in what `judge` says of a history
    "verification/judge/": ["verification/judge/test_checks.py", "verification/judge/test_properties.py"],
}
EQUIVALENT = Path(__file__).with_name("equivalent.toml")


@dataclass(frozen=True)
class Module:
    """A module to mutate: its path under the package, and the tests (paths under the checkout) that must tell."""

    path: str

    @property
    def file(self) -> Path:
        return PACKAGE / self.path

    @property
    def name(self) -> str:
        return "frontsim." + self.path.removesuffix(".py").replace("/", ".")

    @property
    def tests(self) -> Sequence[str]:
        further = [test for start, tests in FURTHER_TESTS.items() if self.path.startswith(start) for test in tests]
        own = mirrored_tests(ROOT / "tests", Path(self.path))
        found = [*own, *(ROOT / "tests" / each for each in further)]
        return list(dict.fromkeys(str(each.relative_to(ROOT)) for each in found if each.exists()))


@dataclass(frozen=True)
class Equivalent:
    """A mutant that behaves as the module does, and why."""

    module: str
    function: str
    before: str
    after: str
    reason: str

    def is_mutant(self, module: Module, mutant: Mutant) -> bool:
        one = (self.module, self.function, self.before, self.after)
        return one == (module.path, mutant.function, mutant.before, mutant.after)


def modules(chosen: Sequence[str] = ()) -> Sequence[Module]:
    """The modules in scope, or those whose path contains one of the words."""
    paths = {path for pattern in MUTATED for path in PACKAGE.glob(pattern) if path.name != "__init__.py"}
    names = sorted(str(path.relative_to(PACKAGE)) for path in paths)
    return [Module(name) for name in names if not chosen or any(word in name for word in chosen)]


def equivalents() -> Sequence[Equivalent]:
    """The named ones, from `equivalent.toml`."""
    return [Equivalent(**each) for each in tomllib.loads(EQUIVALENT.read_text()).get("equivalent", [])]
