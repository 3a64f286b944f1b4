"""The receiver, reached without the simulator: its process, and deliveries past the simulator."""
