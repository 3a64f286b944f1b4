"""Payloads for any JSON Schema: the event types of the user's own. Imported with the first such payload."""
