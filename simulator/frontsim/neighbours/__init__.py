"""The vendor's operations beside webhooks, declared in `contracts/operations.json`, on the shop that the log tells."""
