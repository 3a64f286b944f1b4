"""The public names of `frontsim.testing`."""

import inspect
import re
from typing import Any

from docs.generate.markdown import table
from frontsim import testing


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
    own_names = re.sub(r"\b(?:[a-z_]+\.)+(?=[A-Z])", "", str(shown))
    return re.sub(r": (?:\*<class '|Unpack\[)(\w+)(?:'>|\])", r": \1", own_names)  # **options: Unpack[VerifyOptions]


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
