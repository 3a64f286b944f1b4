"""The web page: its files, and the reads that only the page needs. It acts through the calls that every caller has."""
