"""Sending a delivery, and knowing how far it got."""
