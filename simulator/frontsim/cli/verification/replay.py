"""The command that plays one scenario again."""

import shlex
from collections.abc import Callable, Sequence
from pathlib import Path

from frontsim.presentation.masking import masked_words

_LEFT_OUT = {"--scenario", "--seed", "--json", "--junit", "--html", "--save-payloads", "--token"}


def replay_of(typed: Sequence[str], scenarios: Sequence[str], seed: int) -> Callable[[str], str]:
    """The command line as it was typed, without secrets and files, for one scenario and with the seed.

    Args:
        typed: the words after `frontsim`.
        scenarios: what `--scenario` named; a scenario from a file is replayed from its file.
        seed: of the run.
    """
    files = {Path(name).stem: name for name in scenarios if name.endswith(".toml")}
    kept: list[str] = []
    words = iter(typed)
    for word in words:
        if word.partition("=")[0] not in _LEFT_OUT:
            kept.append(word)
        elif "=" not in word:
            next(words, None)
    shown_words = masked_words(kept)
    return lambda name: shlex.join(["frontsim", *shown_words, "--scenario", files.get(name, name), "--seed", str(seed)])
