"""The pages name everything that exists, and nothing that does not."""

import re
from dataclasses import fields

import click
import orjson

from docs.generate.commands import walk
from frontsim import bundled, catalog
from frontsim.api.gateway import PREFIX
from frontsim.cli.main import COMMANDS, frontsim
from frontsim.domain.faults import FAULTS
from frontsim.domain.model import StatusText
from frontsim.settings import Settings
from tests.docs.pages import ALL_TEXT, PAGES, ROOT, is_named

PACKAGE = ROOT / "simulator" / "frontsim"
ARCHITECTURE = (ROOT / "docs" / "explanation" / "architecture.md").read_text()


def test_every_command_and_option_is_named() -> None:
    """As a user types it."""
    missing = []
    for name, command in walk(frontsim, "frontsim"):
        options = [
            opt for each in command.params if isinstance(each, click.Option) and not each.hidden for opt in each.opts
        ]
        missing += [f"{name} {option}" for option in options if not is_named(option)]
        missing += [] if is_named(name) else [name]
    assert [] == missing
    assert len(COMMANDS) >= 14


def test_every_setting_and_its_variable_are_named() -> None:
    names = [name for item in fields(Settings) for name in (f"--{item.name.replace('_', '-')}", item.name.upper())]
    assert [] == [name for name in names if not is_named(name if name[0] == "-" else f"FRONTSIM_{name}")]


def test_every_route_is_named() -> None:
    """The vendor's and ours, with their path as it is served, in any case."""
    served = orjson.loads((ROOT / "contracts" / "openapi.json").read_bytes())["paths"]
    sources = (PACKAGE / "api").glob("*.py")
    ours = {path for each in sources for path in re.findall(r'Route\(\s*"(/_sim/[^"]*)"', each.read_text())}
    assert len(ours) > 10
    assert [] == [path for path in (*served, *ours) if path.lower().removeprefix(PREFIX) not in ALL_TEXT.lower()]


def test_every_event_type_fault_scenario_and_status_is_named() -> None:
    names = [kind.name for kind in catalog.load()]
    names += FAULTS
    names += StatusText
    names += [path.stem for path in bundled.folder("scenarios").glob("*.toml")]
    assert [] == [name for name in names if not is_named(name)]


def test_every_load_test_is_named() -> None:
    assert [] == [path.name for path in (ROOT / "loadtests").glob("*.py") if not is_named(path.name)]


def test_every_make_target_is_named() -> None:
    """And each that is named exists."""
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert [] == [target for target in targets if not is_named(f"make {target}")]
    assert [] == [target for target in re.findall(r"`make ([a-z]+)`", ALL_TEXT) if target not in targets]


def test_every_path_that_a_page_names_exists() -> None:
    named = set(re.findall(r"`((?:contracts|scenarios|loadtests|simulator|tests|docs)/[\w./-]*)`", ALL_TEXT))
    examples = {path for path in named if "NAME" in path or re.search(r"(^|/)(a/b|test_b)\.py$", path)}
    assert len(named) > 30
    assert [] == sorted(path for path in named - examples if not (ROOT / path).exists())


def test_the_way_of_an_event_leads_through_modules_that_exist() -> None:
    steps = re.findall(r"  ([a-z_]+/[a-z_]+\.py) ", ARCHITECTURE)
    assert len(steps) >= 8
    assert [] == [step for step in steps if not (PACKAGE / step).exists()]


def test_each_question_is_answered_by_a_path_and_what_to_look_for_in_it() -> None:
    answers = re.findall(r"^\| Where .* \| (.*) \|$", ARCHITECTURE, re.MULTILINE)
    assert len(answers) >= 10
    assert [] == [answer for answer in answers if "`simulator/frontsim/" not in answer]
    wanted = re.findall(r"`(simulator/[\w/]+\.py)` \(`(\w+)`\)", ARCHITECTURE)
    assert wanted
    assert [] == [(path, name) for path, name in wanted if not re.search(rf"\b{name}\b", (ROOT / path).read_text())]


def test_how_sure_a_fact_of_the_vendors_is_stays_visible() -> None:
    vendor_api = next(page for page in PAGES if page.name == "vendor-api.md").read_text()
    assert [] == [word for word in ("published", "seen", "inferred", "open") if f"*{word}*" not in vendor_api]


def test_every_field_of_a_report_is_named() -> None:
    modules = ("report/as_json.py", "report/exchange.py", "verification/result.py", "recovery/run.py")
    source = "".join((PACKAGE / module).read_text() for module in modules)
    page = (ROOT / "docs" / "reference" / "verify-report.md").read_text()
    fields_of_json = set(re.findall(r'"(\w+)": ', source))
    assert {"causes", "webhookEventId"} <= fields_of_json
    assert [] == sorted(name for name in fields_of_json if f"`{name}`" not in page)
