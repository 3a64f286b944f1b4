"""Values that fulfil the facts of an alternative, drawn from a seed: a module for each kind of value."""
