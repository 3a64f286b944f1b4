"""The receivers that verification's tests are played against."""

from tests.verification.conftest import receiver, shop

__all__ = ["receiver", "shop"]
