"""Commands about event types, schemas and payloads; all but `contracts pull` need no server."""
