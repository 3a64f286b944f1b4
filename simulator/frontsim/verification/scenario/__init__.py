"""Scenario files: their steps, and the event types that they are played on."""
