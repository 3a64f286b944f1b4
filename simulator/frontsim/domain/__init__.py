"""Facts and pure decisions: what a webhook, an event and a run are, and what breaks."""
