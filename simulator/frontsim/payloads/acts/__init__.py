"""Business acts of one chain of stores: each causes events, and changes the state that the next acts start from."""
