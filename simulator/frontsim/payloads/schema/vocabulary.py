"""The keywords below which schemas stand, in any draft, by how they hold them; and those that only annotate.

A keyword may be in two of them: `items` is one schema or, in older drafts, a list of them.
"""

SUBSCHEMA = {
    "additionalItems",
    "additionalProperties",
    "contains",
    "contentSchema",
    "else",
    "if",
    "items",
    "not",
    "then",
}
SUBSCHEMA |= {"propertyNames", "unevaluatedItems", "unevaluatedProperties"}
SUBSCHEMA_LISTS = {"allOf", "anyOf", "items", "oneOf", "prefixItems"}
SUBSCHEMA_MAPS = {"$defs", "definitions", "dependencies", "dependentSchemas", "patternProperties", "properties"}
ANNOTATIONS = {"title", "description", "$comment", "examples", "example", "default", "$schema", "$id", "id", "$anchor"}
ANNOTATIONS |= {"definitions", "$defs", "$dynamicAnchor", "$recursiveAnchor", "deprecated", "readOnly", "writeOnly"}
"""Keywords that no value can break."""
