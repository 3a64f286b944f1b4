"""The keywords below which schemas stand, in any draft, by how they hold them; and those that only annotate.

A keyword may be in two of them: `items` is one schema or, in older drafts, a list of them.
"""

ONE = {"additionalItems", "additionalProperties", "contains", "contentSchema", "else", "if", "items", "not", "then"}
ONE |= {"propertyNames", "unevaluatedItems", "unevaluatedProperties"}
MANY = {"allOf", "anyOf", "items", "oneOf", "prefixItems"}
NAMED = {"$defs", "definitions", "dependencies", "dependentSchemas", "patternProperties", "properties"}
NOTES = {"title", "description", "$comment", "examples", "example", "default", "$schema", "$id", "id", "$anchor"}
NOTES |= {"definitions", "$defs", "$dynamicAnchor", "$recursiveAnchor", "deprecated", "readOnly", "writeOnly"}
"""Keywords that no value can break."""
