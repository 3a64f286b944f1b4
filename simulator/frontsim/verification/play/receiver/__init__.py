"""The receiver, reached without the simulator: its process, and deliveries that are sent by hand."""
