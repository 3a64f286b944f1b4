"""A schema of a bundled type as an API serves it that writes draft 7: definitions for what ours write in place."""

import json
from typing import Any

from frontsim import catalog


def in_draft_7(event: str, *defined: str) -> dict[str, Any]:
    """The bundled schema of a type in draft 7, with these properties, and the entries of lists, as definitions."""
    schema = json.loads(catalog.load().find(event).schema_json)
    schema["definitions"] = schema.pop("$defs", {})
    schema["$schema"] = "http://json-schema.org/draft-07/schema#"
    for name in defined:
        schema["definitions"][name] = schema["properties"][name]
        schema["properties"][name] = {"$ref": f"#/definitions/{name}"}
    lists = [part for part in schema["properties"].values() if "items" in part]
    for number, part in enumerate(lists):
        schema["definitions"][f"entry{number}"] = part["items"]
        part["items"] = {"$ref": f"#/definitions/entry{number}"}
    return json.loads(json.dumps(schema).replace("#/$defs/", "#/definitions/"))  # type: ignore[no-any-return]
