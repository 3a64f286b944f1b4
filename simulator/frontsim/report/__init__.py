"""The one model of a result, of a receiver or a job, and its forms: for the screen, CI, programs and people."""
