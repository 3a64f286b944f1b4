"""Wiring: the receivers and Locust processes of the load tests."""

from tests.load.conftest import locust, receivers

__all__ = ["locust", "receivers"]
