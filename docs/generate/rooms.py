"""The rooms of the house, by the contracts of import-linter."""

import ast
import tomllib
from pathlib import Path

from docs.generate.markdown import table
from docs.generate.place import ROOT


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
