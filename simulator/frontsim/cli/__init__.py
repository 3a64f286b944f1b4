"""The frontsim command."""
