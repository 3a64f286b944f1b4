"""What a schema requires: its document and references, its keywords as facts, its alternatives."""
