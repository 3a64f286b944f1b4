"""The HTTP surface: the vendor's operations, and the simulator's own under /_sim."""
