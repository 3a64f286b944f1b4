"""Runs a module's own tests against each of its mutants, in a forked process each.

this process             imports pytest and what the tests need from outside, and nothing of frontsim
  |- fork: baseline      runs the tests, notes how long each takes and which functions of the module it calls
  |- fork: functions     collects the tests once
  |    `- fork each      puts the mutated code into the function, runs the tests that call it: milliseconds
  `- fork each           for a table, a class, or a function that is called at import: imports everything anew
"""

import builtins
import importlib.util
import inspect
import os
import pickle
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from importlib.abc import MetaPathFinder
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, FunctionType, ModuleType

import hypothesis
import pytest

from tests.mutation.mutants import Mutant, mutants_of, with_hits

PYTEST_OPTIONS = (
    *("-q", "-s", "-m", "not slow and not long", "-p", "no:cacheprovider"),
    *("-p", "anyio.pytest_plugin", "-p", "_hypothesis_pytestplugin", "--hypothesis-profile=mutation"),
    *("--noconftest", "-p", "tests.conftest"),  # a room's conftest imports the whole program; fast tests don't need it
    *("-o", "faulthandler_timeout=0"),  # a mutant may well hang
    *("--assert=plain", "-W", "ignore::pytest.PytestAssertRewriteWarning"),  # that a test fails is enough
)
os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # two of the plugins take seconds to import
WALL_LIMIT_S = 600
"""After which a mutant that waits for ever counts as killed: no test in scope waits for a clock."""
MEMORY_LIMIT = 8 << 30
SURVIVED, KILLED, BROKEN = 0, 1, 2

hypothesis.settings.register_profile(
    "mutation",
    deadline=None,
    derandomize=True,  # a score is the same in each run
    database=None,
    max_examples=25,
    phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],  # that a mutant is found is enough
    suppress_health_check=list(hypothesis.HealthCheck),
)


class TestsFailed(Exception):
    """The tests fail without any mutant, so they can't tell one."""


def _sets() -> dict[str, set[str]]:
    return defaultdict(set)


@dataclass
class UnmutatedRun:
    """The tests without a mutant: each test's duration, and the tests that call each function."""

    cpu_s: float = 0.0
    durations: dict[str, float] = field(default_factory=dict)
    tests_of: dict[str, set[str]] = field(default_factory=_sets)
    at_import: set[str] = field(default_factory=set)
    """The functions that are called while the tests are imported: what they return is in the tests already."""


@dataclass(frozen=True)
class MutantResult:
    """The mutants of a module, and those that no test kills."""

    mutants: Sequence[Mutant]
    survivors: Sequence[Mutant]


def run(name: str, path: Path, tests: Sequence[str], *, jobs: int) -> MutantResult:
    """Run the tests (paths) against each mutant of the module `name` at `path`."""
    source = path.read_text()
    mutants = mutants_of(source, str(path))
    controls = _controls(mutants, partial(compile, source, str(path), "exec", dont_inherit=True))
    baseline = _baseline(name, with_hits(source, str(path)), tests)
    limits = partial(_limit, round(5 + 5 * baseline.cpu_s))
    at_import = {"", *baseline.at_import}
    in_functions = [mutant for mutant in [*controls, *mutants] if mutant.function not in at_import]
    alive = _in_fork(partial(_alive_in_functions, name, tests, baseline, in_functions, limits, jobs))
    in_tables = [mutant for mutant in [*controls, *mutants] if mutant.function in at_import]
    alive_in_tables = _pool([partial(_run_anew, name, mutant, tests, baseline, limits) for mutant in in_tables], jobs)
    left = {id(in_functions[at]) for at in alive} | {id(in_tables[at]) for at in alive_in_tables}
    if dead := [control.function or "(module)" for control in controls if id(control) not in left]:
        raise TestsFailed(f"expected tests that pass when nothing is mutated, they fail for {', '.join(dead)}")
    return MutantResult(mutants, [mutant for mutant in mutants if id(mutant) in left])


def _controls(mutants: Sequence[Mutant], code: Callable[[], CodeType]) -> list[Mutant]:
    """One without a mistake for each function, and one for the tables: if it does not survive, no kill counts."""
    return [Mutant(function, 0, "", "", code) for function in dict.fromkeys(mutant.function for mutant in mutants)]


def _limit(cpu_s: int) -> None:
    """A mutant that never ends is ended by the processor time that it takes."""
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))


# The baseline


def _baseline(name: str, code: CodeType, tests: Sequence[str]) -> UnmutatedRun:
    found, outside = _in_fork(partial(_measured, name, code, tests))
    for module in outside:  # every later fork has them already
        importlib.import_module(module)
    return found


def _measured(name: str, code: CodeType, tests: Sequence[str]) -> tuple[UnmutatedRun, list[str]]:
    plugin = _Measuring()
    builtins._mutation_hit = plugin.hits.add
    with _imported_as(name, code):
        status = pytest.main([*PYTEST_OPTIONS, *tests], plugins=[plugin])
    if status != pytest.ExitCode.OK:
        raise TestsFailed(f"expected tests that pass without a mutant: {' '.join(tests)}")
    outside = [each for each, module in sys.modules.items() if "site-packages" in str(getattr(module, "__file__", ""))]
    plugin.baseline.cpu_s = time.process_time()
    return plugin.baseline, outside


class _Measuring:
    """Notes each test's duration, and the functions that it calls."""

    def __init__(self) -> None:
        self.baseline = UnmutatedRun()
        self.hits: set[str] = set()

    def pytest_collection_finish(self) -> None:
        self.baseline.at_import = set(self.hits)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self.hits.clear()
        began = time.process_time()
        result = yield
        self.baseline.durations[item.nodeid] = time.process_time() - began
        for function in self.hits:
            self.baseline.tests_of[function].add(item.nodeid)
        return result


# Mutants in functions: the code of the living function is replaced


def _alive_in_functions(
    name: str,
    tests: Sequence[str],
    baseline: UnmutatedRun,
    mutants: Sequence[Mutant],
    limits: Callable[[], None],
    jobs: int,
) -> list[int]:
    plugin = _Replacing(name, baseline, mutants, limits, jobs)
    if pytest.main([*PYTEST_OPTIONS, *tests], plugins=[plugin]) != pytest.ExitCode.OK:
        raise ChildProcessError("the runner itself failed; what it says stands above")
    return plugin.survivors


class _Replacing:
    """Forks after the collection, once for each mutant."""

    def __init__(
        self,
        name: str,
        baseline: UnmutatedRun,
        mutants: Sequence[Mutant],
        limits: Callable[[], None],
        jobs: int,
    ) -> None:
        self.name, self.baseline, self.mutants = name, baseline, mutants
        self.limits, self.jobs = limits, jobs
        self.survivors: list[int] = []
        self.has_failed = False

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self.survivors = _pool([partial(self._status, session, mutant) for mutant in self.mutants], self.jobs)
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.has_failed |= report.failed

    def _status(self, session: pytest.Session, mutant: Mutant) -> int:
        self.limits()
        module = sys.modules[self.name]
        replace_code(module, mutant.function, mutant.code())
        chosen = self.baseline.tests_of[mutant.function]
        items = [item for item in session.items if item.nodeid in chosen]
        items.sort(key=lambda item: self.baseline.durations[item.nodeid])
        for at, item in enumerate(items):
            after = items[at + 1] if at + 1 < len(items) else None
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
            if self.has_failed:
                return KILLED
        return SURVIVED


def replace_code(module: ModuleType, function: str, code: CodeType) -> None:
    """Put the code that a compiled module has for a function into the living one, which others may hold."""
    found: object = module
    *path, last = function.split(".")
    for each in path:
        found = inspect.getattr_static(found, each)
    found = inspect.getattr_static(found, last)
    _living(found).__code__ = _code_of(code, function)


def _living(found: object) -> FunctionType:
    for inside in ("fget", "__func__", "func", "__wrapped__"):
        found = getattr(found, inside, found)
    if not isinstance(found, FunctionType):
        raise TypeError(f"expected a function, got {found}")
    return found


def _code_of(code: CodeType, function: str) -> CodeType:
    for each in code.co_consts:
        if isinstance(each, CodeType):
            if each.co_qualname == function:
                return each
            if function.startswith(f"{each.co_qualname}."):
                return _code_of(each, function)
    raise LookupError(function)


# Mutants in tables and classes: everything is imported anew


def _run_anew(
    name: str, mutant: Mutant, tests: Sequence[str], baseline: UnmutatedRun, limits: Callable[[], None]
) -> int:
    limits()
    with _imported_as(name, mutant.code()):
        status = pytest.main([*PYTEST_OPTIONS, "-x", *tests], plugins=[_QuickFirst(baseline)])
    return SURVIVED if status == pytest.ExitCode.OK else KILLED


class _QuickFirst:
    def __init__(self, baseline: UnmutatedRun) -> None:
        self.baseline = baseline

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items.sort(key=lambda item: self.baseline.durations.get(item.nodeid, 0.0))


@contextmanager
def _imported_as(name: str, code: CodeType) -> Iterator[None]:
    """Importing `name` executes `code`."""

    class Loader(SourceFileLoader):
        def get_code(self, _fullname: str) -> CodeType:
            return code

    class Finder(MetaPathFinder):
        def find_spec(self, fullname, _path, _target=None):
            if fullname != name:
                return None
            return importlib.util.spec_from_file_location(name, code.co_filename, loader=Loader(name, code.co_filename))

    finder = Finder()
    sys.meta_path.insert(0, finder)
    yield
    sys.meta_path.remove(finder)


# Forks


def _in_fork(work: Callable[[], object]) -> object:
    """Call `work` in a separate process, and return its result: it leaves nothing behind here."""
    with tempfile.TemporaryFile() as answer:
        if (child := os.fork()) == 0:
            _be_quiet()
            try:
                result = work()
            except Exception as error:  # noqa: BLE001 - the parent raises it
                result = error
            answer.write(pickle.dumps(result))
            answer.flush()
            os._exit(0)
        _, status = os.waitpid(child, 0)
        answer.seek(0)
        content = answer.read()
    if not content:
        raise ChildProcessError(f"expected a result, got the exit status {status}")
    result = pickle.loads(content)
    if isinstance(result, BaseException):
        raise result
    return result


def _pool(works: Sequence[Callable[[], int]], jobs: int) -> list[int]:
    """Runs each work in a fork, and returns the places of those that answer SURVIVED."""
    running: dict[int, int] = {}
    survived: list[int] = []
    waiting = list(enumerate(works))[::-1]
    while waiting or running:
        if waiting and len(running) < jobs:
            at, work = waiting.pop()
            running[_forked(work)] = at
            continue
        child, status = os.waitpid(-1, 0)
        at = running.pop(child)
        if status == 0:
            survived.append(at)
        elif os.WIFEXITED(status) and os.WEXITSTATUS(status) == BROKEN:
            raise ChildProcessError("the runner itself failed in a fork; its traceback stands above")
    return sorted(survived)


def _forked(work: Callable[[], int]) -> int:
    child = os.fork()
    if child:
        return child
    status = BROKEN
    try:
        _be_quiet()
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(WALL_LIMIT_S)
        status = work()
    except MemoryError:
        status = KILLED
    except BaseException:  # noqa: BLE001 - a fork never returns
        os.write(2, traceback.format_exc().encode())
    finally:
        os._exit(status)


def _be_quiet() -> None:
    """Silence what the tests print; standard error is left for what goes wrong here."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
