"""What a load test plays, for the master and the senders alike: the plans, their options, and what they break."""
