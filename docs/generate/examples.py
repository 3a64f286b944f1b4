"""The examples, as they stand in docs/examples."""

from pathlib import Path

from docs.generate.place import ROOT

EXAMPLES = ROOT / "docs" / "examples"
STACKS = ("csharp", "go", "java", "node", "php", "python")


def example(folder: str) -> str:
    """The right receiver and the CI job of an example, as they stand in docs/examples."""
    receiver = next(path for path in (EXAMPLES / folder).iterdir() if path.stem.lower() == "right")
    return f"{source(receiver)}\n{source(EXAMPLES / folder / 'ci.yml')}"


def source(path: Path) -> str:
    """A file as a block. Its language is its suffix: blocks called `python` run in a test, and a server never ends."""
    return f"```{path.suffix[1:].replace('yml', 'yaml')}\n{path.read_text()}```\n"
