"""A right list -> resend job in one small file, and sixteen that are broken on purpose, each in one way."""
