"""The chain of stores that every payload comes from: stores, stocks, products, people."""
