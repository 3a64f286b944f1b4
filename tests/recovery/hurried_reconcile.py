"""`frontsim reconcile` that pauses a twentieth as long: for cases in which no Retry-After says how long to wait."""

import time

from frontsim.cli.commands import reconcile
from frontsim.cli.main import main
from frontsim.cli.output import say
from frontsim.client.errors import RetryPolicy

reconcile.RETRY = RetryPolicy(lambda seconds: time.sleep(seconds / 20), say)

if __name__ == "__main__":
    main()
