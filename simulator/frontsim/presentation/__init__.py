"""How results reach their readers: one HTML page without a network, JUnit XML, masked secrets, printable text."""
