"""The contracts of a receiver and of a recovery job as pytest tests: `pytest --pyargs frontsim.contract_suite`."""
