"""Another time for a user's program: libfaketime moves the clock of a program that is dynamically linked."""

from pathlib import Path

_LIBRARIES = ("libfaketimeMT.so.1", "libfaketime.so.1")


def faketime_library() -> Path | None:
    """libfaketime, from Debian's package of that name or Homebrew's place for it; None where it is not installed."""
    folders = [*Path("/usr/lib").glob("*/faketime"), Path("/usr/lib/faketime"), Path("/usr/local/lib/faketime")]
    return next((folder / name for folder in folders for name in _LIBRARIES if (folder / name).exists()), None)


def at_another_time(offset_s: float, library: Path) -> dict[str, str]:
    """Variables that make a dynamically linked program live so many seconds from now."""
    return {
        "LD_PRELOAD": str(library),
        "FAKETIME": f"{offset_s:+.0f}",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_DONT_RESET": "1",
    }
