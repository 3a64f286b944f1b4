"""What a person reads: one HTML page without a network, masked secrets, text that prints."""
