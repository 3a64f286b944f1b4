"""The keywords of any draft that hold subschemas, by how they hold them; and the keywords that only annotate.

A keyword may be in two sets: `items` is one schema or, in older drafts, a list of schemas.
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
"""Keywords that say nothing about validity."""
