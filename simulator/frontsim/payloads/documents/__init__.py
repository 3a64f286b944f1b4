"""Each document of the vendor (a sale, an order, a delivery ...), and how it is written as JSON."""
