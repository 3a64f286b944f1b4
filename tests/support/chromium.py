"""The Chromium that tests open pages in: without a window it takes less than half of the processor time."""

import shutil

_PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, _PROGRAMS)), None)
NEEDS_CHROMIUM = "needs Chromium: apt-get install chromium-headless-shell"
