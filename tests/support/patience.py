"""How long a test waits for what must come. Not a measure of speed: it only keeps what hangs from hanging for ever."""

PATIENCE_S = 120.0
