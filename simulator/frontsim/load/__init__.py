"""The parts that locustfiles are made of. Only Locust may import them: Locust patches the standard library."""
