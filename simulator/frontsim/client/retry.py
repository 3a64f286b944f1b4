"""Calls that change nothing, made until they are answered, and waits that an API asks for.

Only reads are repeated here: whether a call that does something may be repeated is its caller's to decide.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from frontsim.client.errors import Ambiguous, ApiError, Unreachable

READ_AGAIN_S = (1.0, 2.0, 4.0)
"""Seconds between the tries of a read; there is one more try than waits."""

LONGEST_WAIT_S = 900.0
"""A `Retry-After` beyond this is no rate limit but a quota: it is not waited for."""

T = TypeVar("T")
Sleep = Callable[[float], None]
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How to wait, and whom to tell about it.

    Args:
        sleep: waits so many seconds.
        say: is told, in a sentence, what is waited for.
    """

    sleep: Sleep
    say: Say = lambda _: None

    def read(self, call: Callable[[], T]) -> T:
        """Make a call that changes nothing; again when no answer came, the API was busy or broke down.

        Raises:
            CallError: what the last try ended with, or an answer that no further try would change.
        """
        for wait_s in READ_AGAIN_S:
            try:
                return call()
            except (Ambiguous, Unreachable):
                self.sleep(wait_s)
            except ApiError as error:
                if error.status != 429 and error.status < 500:
                    raise
                self.wait_out(error, least_s=wait_s)
        return call()

    def wait_out(self, error: ApiError, *, least_s: float = 1.0) -> None:
        """Wait as the API asks.

        Raises:
            ApiError: it asks for too long.
        """
        wait_s = max(least_s, error.retry_after_s or 0.0)
        if wait_s > LONGEST_WAIT_S:
            raise error
        self.say(f"the API answered {error.status}: waiting {wait_s:g} s")
        self.sleep(wait_s)
