"""The chain of stores that every payload is about: stores, stocks, products, customers. It never changes."""
