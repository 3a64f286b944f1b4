"""The world that payloads come from: stores, people, products, and the draws that make them."""
