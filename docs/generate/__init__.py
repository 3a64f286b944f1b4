"""Writes the tables of the docs from the registries in the code: `make docs`."""
