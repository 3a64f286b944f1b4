"""Payloads for any JSON Schema: the user's own event types. Imported with the first such payload."""
