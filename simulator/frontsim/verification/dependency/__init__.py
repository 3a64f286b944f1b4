"""The receiver's dependencies (database, broker, API): proxies in front of them, and what breaks their connections."""
