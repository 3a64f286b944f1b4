"""Commands that judge a receiver or a job, and `init`, which prepares that."""
