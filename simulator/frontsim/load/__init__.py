"""What the locustfiles are made of. Only Locust may import it: Locust patches the standard library."""
