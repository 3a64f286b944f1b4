"""What a receiver owes, clause by clause, from `contracts/receiver.toml`."""

from pathlib import Path

from frontsim import bundled
from frontsim.clauses import Contract, read
from frontsim.verification.facts.classes import GOOD, Class


def load(file: Path | None = None) -> Contract:
    """The bundled contract, or a file of the same shape.

    Raises:
        Unusable: the file cannot be read or has another shape; the text names the file and the key.
    """
    wrong = [class_ for class_ in Class if class_ not in GOOD]
    return read(file or bundled.folder("contracts") / "receiver.toml", wrong, plays="scenarios")
