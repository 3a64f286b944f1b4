"""Write the tables of the docs from the registries in the code: `make docs`.

A page holds a table between two comments:

    <!-- generated: faults -->
    | fault | does | params |
    <!-- end -->

`TABLES` maps each name to the function that renders it. Everything outside the comments is written by hand. A test
renders every page again and compares, so a registry and its page cannot disagree.
"""

import ast
import inspect
import re
import sys
import tomllib
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, fields
from functools import partial
from pathlib import Path
from typing import Any

import click
import orjson

from frontsim import bundled, catalog, pytest_plugin, testing
from frontsim.cli.main import COMMANDS, frontsim
from frontsim.domain.faults import FAULTS, FaultStage
from frontsim.jobs.registry import BROKEN as BROKEN_JOBS
from frontsim.load.options import add_options
from frontsim.load.plans import PLANS
from frontsim.receivers.registry import BROKEN, CORRECT
from frontsim.recovery import clauses as job_clauses
from frontsim.recovery.case import bundled_cases
from frontsim.settings import ENVIRONMENT_PREFIX, Settings
from frontsim.verification.facts.classes import MEANING, USUAL_CAUSE
from frontsim.verification.judge import clauses
from frontsim.verification.scenario.scenario import bundled_scenarios

ROOT = Path(__file__).parent.parent
_MARKED = re.compile(r"(<!-- generated: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)
EXAMPLES = ROOT / "docs" / "examples"
STACKS = ("csharp", "go", "java", "node", "php", "python")
_OPERATIONS = ("get", "post", "put", "delete")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown; a `|` in a cell is escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(_cell(cell) for cell in line)} |\n" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def code(names: Iterable[str]) -> str:
    """The names as code, separated by commas."""
    return ", ".join(f"`{name}`" for name in names)


def command_list() -> str:
    """What each command is for, with a link to its section."""
    return table(
        ["command", "does"], ([f"[`frontsim {name}`](#frontsim-{name})", each.help] for name, each in COMMANDS.items())
    )


def commands() -> str:
    """Every command, with what it takes."""
    return "\n".join(_command(name, command) for name, command in walk(frontsim, "frontsim"))


def walk(group: click.Group, prefix: str) -> Iterator[tuple[str, click.Command]]:
    """Every command below a group with its whole name, those of groups in groups too."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield f"{prefix} {name}", command
        if isinstance(command, click.Group):
            yield from walk(command, f"{prefix} {name}")


def _command(name: str, command: click.Command) -> str:
    context = click.Context(command, info_name=name)
    usage = " ".join([name, *command.collect_usage_pieces(context)])
    parts = [f"## {name}\n", f"```text\n{usage}\n```\n", f"{_paragraphs(command.help or '')}\n"]
    options = [each for each in command.params if isinstance(each, click.Option)]
    rows = [[_option(each), (each.get_help_record(context) or ("", ""))[1]] for each in options]
    if rows:
        parts.append(table(["option", "means"], rows))
    return "\n".join(parts)


def _option(option: click.Option) -> str:
    names = code([*option.opts, *option.secondary_opts])
    if option.is_flag:
        return names
    if isinstance(option.type, click.Choice) and option.metavar is None:
        return f"{names} {code(map(str, option.type.choices))}"
    metavar = option.metavar or {"integer range": "N", "integer": "N", "float": "N"}.get(option.type.name)
    return f"{names} {metavar or option.type.name.upper()}"


def _paragraphs(text: str) -> str:
    """A help text without its line ends; click's marks for preformatted text are dropped."""
    blocks = text.replace("\b\n", "").replace("\f", "").split("\n\n")
    return "\n\n".join(" ".join(block.split()) for block in blocks)


def settings() -> str:
    """Every setting with its flag, its variable and its default."""
    return table(
        ["option", "variable", "default", "means"],
        ([_flags(item), f"`{_variable(item)}`", _default(item), _meaning(item)] for item in fields(Settings)),
    )


def _flags(item: Field[Any]) -> str:
    flag = item.name.replace("_", "-")
    return f"`--{flag}`, `--no-{flag}`" if item.default is True else f"`--{flag}`"


def _variable(item: Field[Any]) -> str:
    return f"{ENVIRONMENT_PREFIX}{item.name.upper()}"


def _default(item: Field[Any]) -> str:
    assert item.default is not MISSING
    if isinstance(item.default, bool):
        return "on" if item.default else "off"
    return f"`{item.default}`" if item.default not in (None, "") else "none"


def _meaning(item: Field[Any]) -> str:
    rule = item.metadata["rule"]
    choices = f" One of {code(rule.choices)}." if rule.choices else ""
    return f"{rule.help}{choices}"


def faults() -> str:
    """Every fault by the stage where it strikes."""
    rows = []
    for stage in FaultStage:
        rows.append(["", f"*{stage}*", ""])
        for fault in FAULTS.values():
            if fault.stage is stage:
                params = (
                    f"`{name}` ({each.default}): {each.expected}. {each.help}" for name, each in fault.params.items()
                )
                rows.append([f"`{fault.name}`", fault.help, " ".join(params)])
    return table(["fault", "does", "params (default)"], rows)


def event_types() -> str:
    """The bundled event types."""
    return table(["type", "raised when"], ([f"`{kind.name}`", kind.trigger] for kind in catalog.load()))


def event_type_paths() -> str:
    """Which fields identify an event, a version of it, and its store; and how sure that is."""
    rows = (
        [
            f"`{kind.name}`",
            f"`{kind.identity}` {_sure(kind, 'identity')}",
            f"{code(kind.version)} {_sure(kind, 'version')}" if kind.version else "",
            f"`{kind.store}` {_sure(kind, 'store')}" if kind.store else "none",
        ]
        for kind in catalog.load()
    )
    return table(["type", "identity", "version", "store"], rows)


def _sure(kind: catalog.EventType, key: str) -> str:
    return f"*{kind.provenance[key].partition(':')[0]}*" if key in kind.provenance else ""


def event_type_usage() -> str:
    """What a receiver does with each type."""
    return table(["type", "use it to"], ([f"`{kind.name}`", kind.usage] for kind in catalog.load()))


def scenarios() -> str:
    """Every bundled scenario, in the order of a whole run."""
    rows = (
        [f"`{each.name}`{'*' if each.needs_process_control else ''}", each.breaks, each.holds]
        for each in bundled_scenarios()
    )
    return table(["scenario", "what breaks", "what must hold"], rows)


def clause_table() -> str:
    """What a receiver owes."""
    rows = ([f"`{each.id}`", each.sentence, each.reason] for each in clauses.load())
    return table(["clause", "what must hold", "why"], rows)


def job_cases() -> str:
    """Every case of `frontsim verify-recovery`."""
    rows = (
        [f"`{each.name}`{'*' if each.needs_other_time else ''}", each.breaks, each.holds] for each in bundled_cases()
    )
    return table(["case", "what breaks", "what must hold"], rows)


def job_clause_table() -> str:
    """What a list -> resend job owes."""
    rows = ([f"`{each.id}`", each.sentence, each.fix, code(sorted(each.classes))] for each in job_clauses.load())
    return table(["clause", "what must hold", "how to keep it", "broken by"], rows)


def broken_jobs() -> str:
    """The jobs that are broken on purpose."""
    rows = ([f"`{each.name}`", each.bug, f"`{each.expected}`", code(each.cases)] for each in BROKEN_JOBS.values())
    return table(["job", "what is wrong", "found as", "in"], rows)


def clause_findings() -> str:
    """Which findings break a clause, and in which scenarios."""
    rows = (
        [f"`{each.id}`", code(sorted(each.classes)), code(sorted(each.only_in)) or "any that no other clause names"]
        for each in clauses.load()
    )
    return table(["clause", "broken by", "in"], rows)


def classes() -> str:
    """The classes of events."""
    return table(["class", "means"], ([f"`{each}`", meaning] for each, meaning in MEANING.items()))


def causes() -> str:
    """What usually causes each class."""
    return table(["class", "usual cause and cure"], ([f"`{each}`", cause] for each, cause in USUAL_CAUSE.items()))


def right_receivers() -> str:
    """The receivers that `verify` must never accuse."""
    return table(["name", "what sets it apart"], ([f"`{each.name}`", each.bug] for each in CORRECT.values()))


def broken_receivers() -> str:
    """The receivers that `verify` must find out, and where."""
    rows = (
        [
            f"`{each.name}`",
            each.bug,
            code(sorted(each.expected)),
            code(each.scenarios) + (" (needs `--receiver-cmd`)" if each.needs_process_control else ""),
        ]
        for each in BROKEN.values()
    )
    return table(["name", "what is wrong", "found as", "in"], rows)


def vendor_calls() -> str:
    """The vendor's operations as the simulator serves them."""
    document = orjson.loads((bundled.folder("contracts") / "openapi.json").read_bytes())
    rows = []
    for path, operations in document["paths"].items():
        for method in _OPERATIONS:
            if method in operations:
                found = operations[method]
                answer = found["responses"]["200"].get("x-provenance", "")
                says = f"{found['summary']}. {found['description']}"
                sure = f"{found['x-provenance']}. Answer: {answer}"
                rows.append([f"`{method.upper()} {path}`", f"`{found['operationId']}`", says, sure])
    return table(["call", "operation", "does", "how sure"], rows)


def control_calls() -> str:
    """Every call under `/_sim`, with its handler's docstring."""
    sources = sorted((ROOT / "simulator" / "frontsim" / "api").glob("*.py"))
    rows = [row for source in sources for row in _routes(ast.parse(source.read_text("utf-8")))]
    return table(["call", "does"], sorted(rows, key=lambda row: row[0].strip("`").split()[::-1]))


def _routes(module: ast.Module) -> Iterator[tuple[str, str]]:
    """`Route("/_sim/stats", self.stats, methods=["GET"])`, wherever it stands in a class."""
    for owner in (each for each in module.body if isinstance(each, ast.ClassDef)):
        says = {each.name: ast.get_docstring(each) for each in owner.body if isinstance(each, ast.AsyncFunctionDef)}
        for call in (each for each in ast.walk(owner) if isinstance(each, ast.Call)):
            match call:
                case ast.Call(
                    func=ast.Name(id="Route"),
                    args=[ast.Constant(value=str(path)), ast.Attribute(attr=handler)],
                    keywords=[ast.keyword(arg="methods", value=ast.List(elts=[ast.Constant(value=str(method))])), *_],
                ) if path.startswith("/_sim"):
                    docstring = says.get(handler)
                    if not docstring:
                        raise ValueError(f"{method} {path}: give {handler} a docstring that says what the call does")
                    yield f"`{method} {path}`", docstring.split("\n\n")[0]


def rooms(contract: str) -> str:
    """The floor plan of an import-linter contract, from the roof down, with the duty of each room."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    plan = next(each for each in project["tool"]["importlinter"]["contracts"] if each["name"] == contract)
    package = ROOT / "simulator" / Path(*plan["containers"][0].split("."))
    rows: list[list[str]] = []
    for floor in plan["layers"]:
        for place, room in enumerate(floor.split(" | ")):
            source = package / room / "__init__.py" if (package / room).is_dir() else package / f"{room}.py"
            docstring = ast.get_docstring(ast.parse(source.read_text("utf-8"))) or ""
            name = f"`{room}/`" if source.name == "__init__.py" else f"`{room}`"
            rows.append(["beside" if place else "below" if rows else "", name, docstring.split("\n\n")[0]])
    return table(["", "room", "holds"], rows)


class _Parser:
    """Takes the place of Locust's parser and its groups: keeps what is added."""

    def __init__(self) -> None:
        self.added: dict[str, dict[str, Any]] = {}

    def add_argument_group(self, _title: str) -> "_Parser":
        return self

    def add_argument(self, name: str, **details: Any) -> None:
        self.added[name] = details

    def set_defaults(self, **_: object) -> None:
        """Locust's own options are documented by Locust."""


def load_options() -> str:
    """The options that the load tests add to Locust's; a default that differs between files is "the file's"."""
    parsers = [_Parser() for _ in PLANS]
    for parser, plan in zip(parsers, PLANS.values(), strict=True):
        add_options(parser, plan)
    rows = []
    for name, details in parsers[0].added.items():
        says, _, default = str(details["help"]).partition("  [default: ")
        defaults = {str(parser.added[name].get("default")) for parser in parsers}
        given = default.rstrip("]") or _load_default(defaults, details)
        rows.append([f"`{name}`{_metavar(details)}", code(filter(None, [details.get("env_var")])), given, says])
    return table(["option", "variable", "default", "means"], rows)


def _load_default(defaults: set[str], details: Mapping[str, Any]) -> str:
    if len(defaults) > 1:
        return "the file's"
    value = details.get("default")
    if value is None or value == "" or value is False:
        return ""
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def _metavar(details: Mapping[str, Any]) -> str:
    metavar = details.get("metavar") or ("" if details.get("action") else "N")
    return f" {metavar if isinstance(metavar, str) else ' '.join(metavar)}".rstrip()


def pytest_options() -> str:
    """The options that the pytest plugin adds."""
    parser = _Parser()

    def add_option(name: str, **details: Any) -> None:
        parser.added[name] = details

    group = Namespace(addoption=add_option)
    pytest_plugin.pytest_addoption(Namespace(getgroup=lambda *_: group))  # type: ignore[arg-type]
    rows = ([f"`{name}` {details['metavar']}", details["help"]] for name, details in parser.added.items())
    return table(["option", "means"], rows)


def python_api() -> str:
    """Every public name of `frontsim.testing`, with what it takes and what it does."""
    return "\n".join(_python_name(name, getattr(testing, name)) for name in testing.__all__)


def _python_name(name: str, value: Any) -> str:
    parts = [f"## {name}\n"]
    if not inspect.isclass(value):
        parts.append(f"```text\n{name}{_signature(value)}\n```\n")
    parts.append(f"{_markdown(inspect.getdoc(value) or '')}\n")
    if inspect.isclass(value):
        rows = [_member(each, getattr(value, each, None)) for each in _members(value)]
        parts.append(table(["", "is"], rows))
    return "\n".join(parts)


def _members(kind: type) -> list[str]:
    """Fields, properties and methods, in the order in which they are written."""
    names = [*getattr(kind, "__dataclass_fields__", {}), *vars(kind)]
    return [name for name in dict.fromkeys(names) if not name.startswith("_")]


def _member(name: str, value: Any) -> list[str]:
    if inspect.isroutine(value):
        given = str(_signature(value)).split(" -> ")
        return [f"`.{name}{given[0]}`", _first_lines(value) + (f" Gives `{given[1]}`." if given[1] != "None" else "")]
    if isinstance(value, property):
        gives = _type_name(inspect.signature(value.fget).return_annotation) if value.fget else ""
        return [f"`.{name}`", f"`{gives}`. {_first_lines(value)}"]
    return [f"`.{name}`", ""]


def _signature(function: Any) -> str:
    """As it is called: without `self`, and types by their own names."""
    found = inspect.signature(function)
    shown = found.replace(parameters=[each for each in found.parameters.values() if each.name != "self"])
    return re.sub(r"\b(?:[a-z_]+\.)+(?=[A-Z])", "", str(shown))


def _type_name(annotation: Any) -> str:
    name = annotation.__name__ if inspect.isclass(annotation) and not hasattr(annotation, "__args__") else annotation
    return re.sub(r"\b(?:[a-z_]+\.)+(?=[A-Z])", "", str(name))


def _first_lines(value: Any) -> str:
    """The first paragraph of its own docstring, "" where its name says all."""
    return " ".join((inspect.cleandoc(value.__doc__ or "")).split("\n\n")[0].split())


def _markdown(docstring: str) -> str:
    """A docstring as Markdown: its sections `Args:` and `Raises:` become lists."""
    lines = []
    for line in docstring.splitlines():
        entry = re.match(r"    ([\w, ]+): (.*)", line)
        lines.append(
            f"- `{entry[1]}`: {entry[2]}" if entry else f"\n{line}\n" if line in ("Args:", "Raises:") else line
        )
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines))


def example(folder: str) -> str:
    """The right receiver and the CI job of an example, as they stand in docs/examples."""
    receiver = next(path for path in (EXAMPLES / folder).iterdir() if path.stem.lower() == "right")
    return f"{_source(receiver)}\n{_source(EXAMPLES / folder / 'ci.yml')}"


def _source(path: Path) -> str:
    """A file as a block. Its language is its suffix: blocks called `python` run in a test, and a server never ends."""
    return f"```{path.suffix[1:].replace('yml', 'yaml')}\n{path.read_text()}```\n"


TABLES: Mapping[str, Callable[[], str]] = {
    "broken-jobs": broken_jobs,
    "broken-receivers": broken_receivers,
    "causes": causes,
    "classes": classes,
    "clause-findings": clause_findings,
    "clauses": clause_table,
    "command-list": command_list,
    "commands": commands,
    "control-calls": control_calls,
    "event-type-paths": event_type_paths,
    "event-type-usage": event_type_usage,
    "event-types": event_types,
    **{f"example-{folder}": partial(example, folder) for folder in STACKS},
    "example-laravel": partial(_source, EXAMPLES / "php" / "laravel.php"),
    "faults": faults,
    "job-cases": job_cases,
    "job-clauses": job_clause_table,
    "load-options": load_options,
    "pytest-options": pytest_options,
    "python-api": python_api,
    "right-receivers": right_receivers,
    "rooms": partial(rooms, "rooms"),
    "rooms-of-payloads": partial(rooms, "rooms of payloads"),
    "rooms-of-verification": partial(rooms, "rooms of verification"),
    "scenarios": scenarios,
    "settings": settings,
    "vendor-calls": vendor_calls,
}


def pages() -> list[Path]:
    """README.md and every page under docs/."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def rendered(text: str) -> str:
    """The page with every table as the registries have it now.

    Raises:
        KeyError: a comment names a table that does not exist.
    """
    return _MARKED.sub(lambda found: f"{found[1]}\n{TABLES[found[2]]()}\n{found[3]}", text)


def main(arguments: Sequence[str] | None = None) -> int:
    """Rewrite the pages whose tables have changed, and name them; with --check only name them, and end with 1."""
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a page is older than the code")
    check = parser.parse_args(arguments).check
    older = 0
    for page in pages():
        text = page.read_text("utf-8")
        if (now := rendered(text)) != text:
            older += 1
            if not check:
                page.write_text(now, "utf-8")
            hint = " is older than the code: run `make docs`" if check else ": written"
            print(f"{page.relative_to(ROOT)}{hint}")
    return 1 if check and older else 0


if __name__ == "__main__":
    sys.exit(main())
