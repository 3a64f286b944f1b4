"""The contract of the integrator's list -> resend job: plays cases against its command, and judges them."""
