"""One builder per family of payloads: a sale, an order, a transfer ..."""
