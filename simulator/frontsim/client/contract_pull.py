"""Reads every event type and its schema from the vendor's API, real or mock."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from frontsim.catalog import schema_problem
from frontsim.client.errors import ApiError
from frontsim.client.retry import RetryPolicy
from frontsim.client.vendor import FrontSystems
from frontsim.user_input.contract_folder import TYPE_NAME


@dataclass(frozen=True, slots=True)
class PulledContracts:
    """The schemas by type, and the types whose schema cannot be used, each with the reason."""

    schemas: Mapping[str, Mapping[str, Any]]
    left_out: Mapping[str, str]


def pull_contracts(api: FrontSystems, retry: RetryPolicy) -> PulledContracts:
    """Read all types and schemas; a call is repeated after a 429, a 5xx or a lost answer.

    Raises:
        CallError: a call failed for good, other than a 404 for one schema.
    """
    schemas: dict[str, Mapping[str, Any]] = {}
    left_out: dict[str, str] = {}
    for name in dict.fromkeys(retry.read(api.webhook_types)):
        if not TYPE_NAME.fullmatch(name):
            left_out[name] = "expected a name of letters, digits, _ - and ."
            continue
        try:
            schema = _parsed(retry.read(partial(api.type_schema, name)))
        except ApiError as error:
            if error.status != 404:
                raise
            left_out[name] = "the API has no schema of it (404)"
            continue
        problem = schema_problem(schema)
        if problem:
            left_out[name] = problem
        else:
            schemas[name] = schema
    return PulledContracts(schemas, left_out)


def _parsed(schema: Any) -> Any:
    """The schema; the form of the answer is open, and it may be JSON in a text."""
    if isinstance(schema, str):
        try:
            return json.loads(schema)
        except ValueError:
            return schema
    return schema
