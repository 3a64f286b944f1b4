"""What a run found, for the screen, for programs and for people."""
