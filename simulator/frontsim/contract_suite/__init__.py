"""The contract of a webhook receiver as pytest tests: `pytest --pyargs frontsim.contract_suite --receiver-url URL`."""
