"""Calls to the vendor's API, real or mock, and to the simulator's own `/_sim`."""
