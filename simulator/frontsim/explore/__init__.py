"""Searches the space of outages for one that a receiver does not survive, and shrinks it to the smallest story."""
