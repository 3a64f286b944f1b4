"""What each process that sends does: it leases deliveries, sends them as the plan says, and reports how each ended."""
