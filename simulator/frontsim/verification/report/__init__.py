"""Reports on a run: for the screen, for CI, for programs, and as a page for people."""
