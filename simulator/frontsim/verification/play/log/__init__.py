"""What the log of the simulator says: facts for the judge, and what was sent and answered for the reports."""
