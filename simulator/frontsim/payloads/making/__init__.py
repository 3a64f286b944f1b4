"""Makes payloads: by number, by business act, in a process of their own."""
