"""Wiring: a recording receiver."""

from tests.support.fixtures import receiver

__all__ = ["receiver"]
