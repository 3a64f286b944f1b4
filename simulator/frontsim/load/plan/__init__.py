"""What is played, for the master and the senders alike: the plans, their options, and what they break."""
