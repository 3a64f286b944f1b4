"""The contract of the integrator's list -> resend job: cases are played against its own command and judged."""
