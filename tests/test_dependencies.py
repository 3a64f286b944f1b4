"""The package's dependencies: each is imported, or needed at run time for a reason that is written beside it."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import jsonschema_rs
import pytest

import frontsim
from frontsim.user_input.validation import FORMATS, problems_of

ROOT = Path(__file__).parents[1]
MODULES = {"jsonschema-rs": "jsonschema_rs", "jsonschema-specifications": "jsonschema_specifications"}
"""The module of a distribution that has another name."""
NOT_IMPORTED = {"fqdn", "rfc3339-validator", "rfc3986-validator", "tzdata"}
WRONG = {
    "date": "2026-13-01",
    "date-time": "2026-01-01T25:00:00Z",
    "email": "nobody",
    "hostname": "-a-.example",
    "ipv4": "256.1.1.1",
    "ipv6": "1::2::3",
    "regex": "(",
    "time": "25:00:00Z",
    "uri": "no scheme",
    "uuid": "0198c1d2",
}


def asked_for() -> dict[str, str]:
    """Each direct dependency with its line in pyproject.toml."""
    text = (ROOT / "pyproject.toml").read_text()
    names = [re.split(r"[><=\[]", each)[0] for each in tomllib.loads(text)["project"]["dependencies"]]
    return {name: next(line for line in text.splitlines() if line.startswith(f'  "{name}>')) for name in names}


def imported() -> Iterator[str]:
    for path in Path(frontsim.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                yield from (each.name.partition(".")[0] for each in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield node.module.partition(".")[0]


def test_a_dependency_is_imported_or_says_why_not() -> None:
    """An import goes with its last line of code; a reason stands beside what is needed without one."""
    modules, lines = set(imported()), asked_for()
    assert {name for name in lines if MODULES.get(name, name) not in modules} == NOT_IMPORTED
    assert [] == [name for name in NOT_IMPORTED if "#" not in lines[name]]


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_a_format_that_is_asserted_refuses_a_wrong_value(name: str) -> None:
    """Whichever library it needs: the one that decides refuses it, and the one that explains says what was expected."""
    schema = {"type": "string", "format": name}
    validator = jsonschema_rs.validator_for(schema, validate_formats=True)
    (problem,) = problems_of(schema, WRONG[name], validator)
    assert name in problem.expected or "regular expression" in problem.expected, problem
