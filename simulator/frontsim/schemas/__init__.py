"""JSON Schemas: one reader, values drawn from them, and what differs between two."""
