"""The frontsim package: a mock of the Front Systems webhook API and a harness for its receivers."""
