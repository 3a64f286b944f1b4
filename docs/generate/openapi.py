"""The part of `contracts/openapi.json` that `contracts/operations.json` declares: the shop's operations and shapes.

Everything else in the document is written by hand. A test renders the part again and compares.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from docs.generate.place import ROOT
from frontsim.neighbours.desk import served
from frontsim.neighbours.operations import Shape, ValueKind, VendorOperation, filled, kind_of, resolved

DOCUMENT = ROOT / "contracts" / "openapi.json"
TAG = "Shop"
_WIDTH = 110
_PREFIX = f"{TAG}."
_REFUSALS = {"400": "BadRequest", "401": "Unauthorized", "403": "Forbidden", "429": "TooManyRequests"}
_WITH_BODY = {"413": "ContentTooLarge", "415": "UnsupportedMediaType", "503": "Unavailable"}
_BESIDE_THE_SHAPE = {
    ("StockCountFilter", "snapShotDateTime"): "published: the guide names it, the shape does not have it",
}
_TYPES = {"string": "string", "integer": "integer", "number": "number", "boolean": "boolean"}


def rendered(text: str) -> str:
    """The document with the shop's part as the contract has it now."""
    document = json.loads(text)
    kept = {
        path: others
        for path, item in document["paths"].items()
        if len(others := {name: each for name, each in item.items() if not _is_shops(each)}) and _has_methods(others)
    }
    operations = served()
    for each in operations:
        kept.setdefault(each.path, {})[each.method.lower()] = _operation(each, document)
    document["paths"] = kept
    schemas = {name: each for name, each in document["components"]["schemas"].items() if not name.startswith(_PREFIX)}
    names = sorted(_used(kind for each in operations for kind in (each.request, each.answer) if kind))
    document["components"]["schemas"] = {**schemas, **{f"{_PREFIX}{name}": _schema(name, document) for name in names}}
    return _written(document, "") + "\n"


def _written(value: Any, before: str, indent: str = "") -> str:
    """JSON, with each object and array on one line where it fits; `before` stands on that line already."""
    line = json.dumps(value, ensure_ascii=False)
    if not value or not isinstance(value, Mapping | list) or len(before) + len(line) <= _WIDTH:
        return line
    deeper = f"{indent}  "
    if isinstance(value, list):
        inner = [f"{deeper}{_written(item, deeper, deeper)}" for item in value]
        return "[\n" + ",\n".join(inner) + f"\n{indent}]"
    names = [f"{deeper}{json.dumps(name, ensure_ascii=False)}: " for name in value]
    inner = [f"{name}{_written(item, name, deeper)}" for name, item in zip(names, value.values(), strict=True)]
    return "{\n" + ",\n".join(inner) + f"\n{indent}}}"


def _is_shops(each: Any) -> bool:
    return isinstance(each, Mapping) and TAG in each.get("tags", ())


def _has_methods(item: Mapping[str, Any]) -> bool:
    return any(isinstance(each, Mapping) for each in item.values())


def _operation(each: VendorOperation, document: Mapping[str, Any]) -> dict[str, Any]:
    raised = f"Raises {', '.join(each.raises)}. " if each.raises else ""
    found: dict[str, Any] = {
        "operationId": each.name,
        "tags": [TAG],
        "summary": each.summary,
        "description": f"{raised}Open, so ours: {each.open}.",
        "x-provenance": "published: the operation; what it does beyond its names is open",
    }
    if each.parameters:
        found["parameters"] = [
            {
                "name": one.name,
                "in": one.where,
                **({"required": True} if one.required else {}),
                "description": f"Published as {one.kind.base}{one.kind.form and ':'}{one.kind.form}.",
                "x-provenance": "published; what it does is open where its name leaves it open",
                "schema": _value(one.kind, document, null=False),
            }
            for one in each.parameters
        ]
    if each.request is not None:
        found["requestBody"] = {
            "required": True,
            "description": "A JSON object; a Content-Type may be missing, but not another.",
            "x-provenance": f"published: {each.request.base}",
            "content": {"application/json": {"schema": _value(each.request, document, null=False)}},
        }
    refusals = {**_REFUSALS, "404": "NotFound", **(_WITH_BODY if each.request is not None else {})}
    found["responses"] = {
        **_answer(each, document),
        **{status: {"$ref": f"#/components/responses/{name}"} for status, name in sorted(refusals.items())},
    }
    return found


def _answer(each: VendorOperation, document: Mapping[str, Any]) -> dict[str, Any]:
    how_sure = f"published: {each.published}" if each.published not in ("any", "no body published") else "open"
    about = {"description": f"{each.summary}.", "x-provenance": f"{how_sure}; the description says what is open"}
    if each.answer.base == "none":
        return {"204": about}
    return {"200": {**about, "content": {"application/json": {"schema": _value(each.answer, document, null=False)}}}}


def _used(kinds: Iterable[ValueKind]) -> set[str]:
    """The names of the shapes that are reached from these kinds."""
    found: set[str] = set()
    waiting = list(kinds)
    while waiting:
        kind = waiting.pop()
        known = resolved(kind._replace(is_list=False))
        if isinstance(known, Shape) and kind.base not in found:
            found.add(kind.base)
            waiting += known.fields.values()
    return found


def _schema(name: str, document: Mapping[str, Any]) -> dict[str, Any]:
    shape = resolved(kind_of(name))
    assert isinstance(shape, Shape)
    return {
        "type": "object",
        "description": f"{name}, with the published names and types.",
        "x-provenance": "published; a null stands for nothing, and further names are ignored (open)",
        **({"required": sorted(shape.required)} if shape.required else {}),
        "properties": {field: _property(name, field, kind, document) for field, kind in shape.fields.items()},
        "examples": [filled(name, {field: "x" for field in shape.required if shape.fields[field].base == "string"
                                   and not shape.fields[field].form})],
    }  # fmt: skip


def _property(name: str, field: str, kind: ValueKind, document: Mapping[str, Any]) -> dict[str, Any]:
    how_sure = _BESIDE_THE_SHAPE.get((name, field), "published")
    shape = resolved(kind_of(name))
    assert isinstance(shape, Shape)
    null = kind.nullable or field not in shape.required
    return {**_value(kind, document, null=null), "description": f"{field} of {name}.", "x-provenance": how_sure}


def _value(kind: ValueKind, document: Mapping[str, Any], *, null: bool) -> dict[str, Any]:
    """The JSON Schema of a value, which may also be null. A generated client leaves out a call with a nullable path."""
    if kind.is_list:
        items = _value(kind._replace(is_list=False), document, null=False)
        return {"type": ["array", "null"] if null else "array", "items": items}
    known = resolved(kind)
    if isinstance(known, Shape):
        reference = {"$ref": f"#/components/schemas/{_PREFIX}{kind.base}"}
        return {"anyOf": [reference, {"type": "null"}]} if null else reference
    if known.base in ("any", "none"):
        return {}
    schema: dict[str, Any] = {"type": [_TYPES[known.base], "null"] if null else _TYPES[known.base]}
    if known.form == "date-time":
        schema["pattern"] = document["components"]["parameters"]["from"]["schema"]["pattern"]
    elif known.form == "int32":
        schema |= {"format": "int32", "minimum": -(2**31), "maximum": 2**31 - 1}
    elif known.form in ("uuid", "double"):
        schema["format"] = known.form
    if known.words:
        words = [int(word) for word in known.words] if known.base == "integer" else list(known.words)
        schema["enum"] = [*words, None] if null else words
    return schema
