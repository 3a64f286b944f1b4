"""A frontsim command that ends when its standard input closes, so that it never outlives the program that started it.

python -m frontsim.cli.child serve --port 0 --ephemeral
"""

import os
import signal
import sys
import threading
import time

from frontsim.cli.main import INTERRUPTED, main

_PATIENCE_S = 15.0
"""Seconds that a command may take to end by itself."""


def _end_with_standard_input() -> None:
    while os.read(0, 1024):  # not sys.stdin, whose lock a thread must not hold when Python ends
        pass
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(_PATIENCE_S)
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # the parent may ignore it, and hand that down
    try:
        threading.Thread(target=_end_with_standard_input, daemon=True).start()
        main()
    except KeyboardInterrupt:  # before the command takes the signal
        sys.exit(INTERRUPTED)
