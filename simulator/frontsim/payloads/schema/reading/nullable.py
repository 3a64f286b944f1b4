"""Translates OpenAPI 3.0's `nullable: true` into JSON Schema: `null` among the types.

This applies only to a schema without `$schema`, because in JSON Schema the keyword means nothing. As in OpenAPI
3.0.3, it needs a `type` in the same object, and an `enum` in the same object must list null itself.
"""

from typing import Any

from frontsim.payloads.schema.reading.vocabulary import SUBSCHEMA, SUBSCHEMA_LISTS, SUBSCHEMA_MAPS


def with_null(schema: Any) -> Any:
    """A copy of the schema in which `nullable: true` beside a `type` has become the type null."""
    if not isinstance(schema, dict):
        return schema
    copy = {keyword: _inside(keyword, value) for keyword, value in schema.items()}
    kind = copy.get("type")
    if copy.get("nullable") is True and kind is not None:
        kinds = [kind] if isinstance(kind, str) else list(kind)
        copy["type"] = kinds if "null" in kinds else [*kinds, "null"]
    return copy


def _inside(keyword: str, value: Any) -> Any:
    if keyword in SUBSCHEMA and isinstance(value, dict):
        return with_null(value)
    if keyword in SUBSCHEMA_LISTS and isinstance(value, list):
        return [with_null(item) for item in value]
    if keyword in SUBSCHEMA_MAPS and isinstance(value, dict):
        return {name: with_null(item) for name, item in value.items()}
    if keyword == "components" and isinstance(value, dict) and isinstance(value.get("schemas"), dict):
        return {**value, "schemas": {name: with_null(item) for name, item in value["schemas"].items()}}
    return value
