"""What each document of the vendor is (a sale, an order, a delivery ...) and how it is written as JSON."""
