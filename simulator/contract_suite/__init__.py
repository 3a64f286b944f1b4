"""The contract of a webhook receiver as pytest tests: `pytest --pyargs simulator.contract_suite --receiver-url URL`."""
