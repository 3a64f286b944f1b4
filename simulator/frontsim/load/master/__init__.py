"""What Locust's master does: it sets up, checks the receiver before and after the load, and makes the verdict."""
