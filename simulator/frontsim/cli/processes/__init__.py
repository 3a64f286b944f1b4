"""Commands that start a program: a simulator, a receiver, a job, Locust, the demo."""
