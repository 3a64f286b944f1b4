"""What a list -> resend job owes, clause by clause, from `contracts/job.toml`."""

from pathlib import Path

from frontsim import bundled
from frontsim.clauses import Contract, read

CLASSES = ("missed", "resent-delivered", "hammered", "endless", "gave-up-early", "silent", "leaked", "crashed")


def load(file: Path | None = None) -> Contract:
    """The bundled contract, or a file of the same shape.

    Raises:
        Unusable: the file cannot be read or has another shape; the text names the file and the key.
    """
    return read(file or bundled.folder("contracts") / "job.toml", CLASSES, plays="cases")
