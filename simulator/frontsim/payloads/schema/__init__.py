"""Any JSON Schema to a payload that is valid against it."""
