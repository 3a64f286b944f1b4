"""Receivers and jobs to verify: right ones, and ones that are broken in one way each."""
