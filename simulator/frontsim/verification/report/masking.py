"""A judgement without secrets, for reports that are passed on."""

from dataclasses import replace

from frontsim.masking import masked
from frontsim.verification.judge.checks import Judgement


def without_secrets(judgement: Judgement) -> Judgement:
    """The judgement with its reason and notes masked; its findings stay as they are."""
    return replace(judgement, reason=masked(judgement.reason), notes=tuple(map(masked, judgement.notes)))
