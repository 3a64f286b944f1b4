"""Business acts of one chain of stores, and the state that they leave behind."""
