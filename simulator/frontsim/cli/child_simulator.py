"""`frontsim serve` that ends when its standard input closes, so that it never outlives the load test that started it.

python -m frontsim.cli.child_simulator --port 0 --ephemeral
"""

import os
import signal
import sys
import threading

from frontsim.cli.main import INTERRUPTED, main


def _end_with_standard_input() -> None:
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGINT)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # the parent may ignore it, and hand that down
    sys.argv[1:1] = ["serve"]
    try:
        threading.Thread(target=_end_with_standard_input, daemon=True).start()
        main()
    except KeyboardInterrupt:  # before `serve` takes the signal
        sys.exit(INTERRUPTED)
