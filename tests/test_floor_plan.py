"""The floor plan as data: imports go strictly down, none sideways, none in secret."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

import simulator
from simulator.cli.main import COMMANDS

ROOT = Path(simulator.__file__).parent

FLOORS = """
8  cli.main
8  cli.events cli.resend cli.simulate cli.trigger contract_suite.test_contract
8  cli.catalogue cli.demo cli.entry cli.fault cli.payload cli.raised cli.receiver cli.reconcile cli.verify
   cli.webhooks contract_suite.outcomes
8  cli.connection cli.contracts cli.interruption cli.output cli.overrides cli.serve cli.verify_files
   cli.verify_table cli.window pytest_plugin verification.hosted
7  verification.html verification.markdown
7  verification.junit verification.report verification.summary
7  serving verification.session
7  app verification.runner
6  verification.controls
6  verification.actions
6  verification.reading
6  receivers.serve verification.logbook verification.raising
6  receivers.registry verification.request verification.stage
6  receivers.broken.answer receivers.broken.race receivers.broken.transaction verification.bench
   verification.masking
6  receivers.app receivers.backend receivers.broken.content receivers.broken.key receivers.broken.reading
   receivers.broken.state receivers.correct receivers.inbox receivers.variant verification.checks
   verification.settle
6  api.events api.stream receivers.reference verification.notes verification.observers verification.tally
6  api.control api.leases api.trigger api.webhooks receivers.effects receivers.entity verification.clauses
   verification.content verification.correlate verification.order verification.scenario verification.selection
   verification.sender verification.story verification.timeline
6  api.faults api.fields api.gateway api.guard api.sinks api.unserved api.webhook_types delivery.dispatcher
   receivers.books receivers.keys receivers.notice receivers.server reconcile verification.baseline
   verification.classes verification.leases verification.lookup verification.process verification.steps
5  delivery.wire
5  delivery.opening delivery.pool
5  delivery.connection
5  control_client delivery.departure vendor_client
5  answers client delivery.exchange patience
5  delivery.manner exchange
5  api.responses delivery.answer delivery.barrier delivery.deadlines delivery.lookup delivery.reordering
   delivery.lanes delivery.tls error_answer
4  store.store
4  store.writer
4  store.ledger
4  store.queue store.reader
4  store.changes store.file store.lines store.rows store.subscriptions verification.history
3  payloads.shop payloads.workshop
3  payloads.counter_acts payloads.factory payloads.order_acts payloads.worker
3  payloads.builders payloads.customer_acts payloads.from_schema payloads.stock_acts
3  payloads.books payloads.order_draws payloads.schema_nodes
3  payloads.deliveries payloads.levels payloads.orders payloads.sale_draws payloads.schema_kinds
   payloads.settlements payloads.transfers
3  payloads.reservations payloads.sales payloads.schema_arrays payloads.schema_branches payloads.schema_numbers
   payloads.schema_objects payloads.schema_strings payloads.stock
3  payloads.schema_keywords payloads.schema_negation payloads.schema_patterns payloads.schema_shape
   payloads.world
3  payloads.chain payloads.customers payloads.schema_facts payloads.schema_names
3  payloads.payments payloads.people payloads.schema_document payloads.schema_formats
3  payloads.assortment payloads.countries payloads.day payloads.schema_nullable payloads.schema_roll
3  payloads.batch payloads.checkdigits payloads.draw payloads.moments payloads.money payloads.overrides
   payloads.schema_trouble payloads.schema_vocabulary payloads.texts
2  domain.changed domain.fault_rules domain.headers domain.rule_json
2  catalog domain.faults domain.model domain.phrases domain.target
1  contract_folder listening
1  bundled clock errors nesting problem settings
"""
"""Steps from the roof to the ground: a line that begins with a number is a step, of that floor of DESIGN; the lines
below it that begin with blanks belong to it. A module imports from lower steps only."""

LAZY = {
    "simulator.problem": "jsonschema takes 0.7 s to import, and is needed only to explain what is not valid",
}
"""Modules that import others inside a function, and why."""


@dataclass(frozen=True)
class Import:
    module: str
    imported: str
    line: int
    lazy: bool


def tiers() -> list[list[str]]:
    steps = re.split(r"^\d  ", FLOORS, flags=re.MULTILINE)[1:]
    return [[f"simulator.{name}" for name in step.split()] for step in steps]


def tier_of(module: str) -> int:
    """How far up a module stands; -1 for one that the plan does not know."""
    found = [
        number for number, names in enumerate(reversed(tiers())) if any(fnmatchcase(module, name) for name in names)
    ]
    assert len(found) <= 1, f"{module} stands on {len(found)} floors"
    return found[0] if found else -1


def modules() -> dict[str, Path]:
    paths = [path for path in ROOT.rglob("*.py") if path.name != "__init__.py"]
    return {".".join(("simulator", *path.relative_to(ROOT).with_suffix("").parts)): path for path in paths}


def imports(module: str, path: Path) -> Iterator[Import]:
    """Every import of one of our modules, wherever in the file it stands."""
    known = modules()
    tree = ast.parse(path.read_text())
    at_the_top = {id(node) for node in tree.body}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}:{node.lineno} imports relatively"
            names = [f"{node.module}.{alias.name}" for alias in node.names] + [str(node.module)]
        else:
            continue
        for name in names:
            if name in known:
                yield Import(module, name, node.lineno, id(node) not in at_the_top)
    if module == "simulator.cli.main":  # its registry names what it loads
        yield from (Import(module, entry.module, 0, lazy=False) for entry in COMMANDS.values())


@pytest.mark.parametrize("module", sorted(modules()))
def test_a_module_imports_only_from_below(module: str) -> None:
    """A module that the plan does not know, or an import that goes up or sideways, fails here."""
    assert tier_of(module) >= 0, f"{module} has no place in the floor plan"
    wrong = [
        f"line {item.line}: {item.imported}"
        for item in imports(module, modules()[module])
        if tier_of(item.imported) >= tier_of(module)
    ]
    assert [] == wrong


@pytest.mark.parametrize("module", sorted(modules()))
def test_no_import_is_lazy(module: str) -> None:
    """Every import stands at the top of its file, but for those that are named here with their reason."""
    tree = ast.parse(modules()[module].read_text())
    lazy = [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom) and not any(node is top for top in tree.body)
    ]
    assert module in LAZY or [] == lazy


def test_the_plan_names_nothing_that_is_gone() -> None:
    """Each name in the plan is a module."""
    known = modules()
    gone = [name for tier in tiers() for name in tier if not any(fnmatchcase(module, name) for module in known)]
    assert [] == gone


def test_init_files_hold_a_docstring_and_nothing_else() -> None:
    """So that importing a package imports nothing."""
    for path in ROOT.rglob("__init__.py"):
        body = ast.parse(path.read_text()).body
        assert 1 == len(body), path
        assert isinstance(body[0], ast.Expr), path


def test_only_the_store_speaks_sql() -> None:
    """SQL stands in the store, and in the receivers and observers, which have databases of their own."""
    speakers = {
        module.split(".")[1]
        for module, path in modules().items()
        if any(item in path.read_text() for item in ("import sqlite3", "import sqlalchemy"))
    }
    assert speakers <= {"store", "receivers", "verification"}


STRANGERS = {
    "api": {"delivery"},
    "delivery": {"api"},
    "verification": {"api", "app", "delivery", "serving", "store", "receivers"},
    "receivers": {"api", "app", "delivery", "payloads", "serving", "store", "verification"},
}
"""Houses that never import each other: they meet in the log, or over HTTP."""

HOSTS = {"simulator.verification.hosted"}
"""What starts a simulator for the CLI and the pytest plugin."""


@pytest.mark.parametrize("house", sorted(STRANGERS))
def test_strangers_stay_strangers(house: str) -> None:
    """An API call writes a row, the dispatcher takes rows that are due; a scenario knows a simulator only over HTTP."""
    met = [
        f"{module} line {item.line}: {item.imported}"
        for module, path in modules().items()
        if module.startswith(f"simulator.{house}.") and module not in HOSTS
        for item in imports(module, path)
        if item.imported.split(".")[1] in STRANGERS[house]
    ]
    assert [] == met
