"""The log and the queue, in one SQLite file: the only SQL in the program."""
