"""The schemas of the official JSON Schema test suite that some value fulfils and the drawer refuses.

`python loadtests/benches/schema.py --suite FOLDER` counts them: 16 of the 1,483 that have a valid instance and refer to
no other file. docs/reference/payloads.md says the same in words.
"""

from typing import Any

import pytest

from frontsim.errors import BadInput
from tests.schemas.drawing import drawer

DRAFTS = {
    4: "http://json-schema.org/draft-04/schema#",
    6: "http://json-schema.org/draft-06/schema#",
    7: "http://json-schema.org/draft-07/schema#",
    2019: "https://json-schema.org/draft/2019-09/schema",
    2020: "https://json-schema.org/draft/2020-12/schema",
}
EVERY_VALUE_OR_NONE = {"not": {"anyOf": [True, {"properties": {"foo": True}}], "unevaluatedProperties": False}}
MISSES: list[tuple[str, dict[str, Any], dict[int, int]]] = [
    ("contains", {"contains": False}, {6: 1, 7: 1, 2019: 1, 2020: 1}),
    ("not", EVERY_VALUE_OR_NONE, {2019: 1, 2020: 1}),
]
"""(keyword in the way, schema, how many such schemas the suite has by draft), besides references to a meta-schema."""


def test_the_table_is_whole() -> None:
    """Ten of the suite's schemas, two of each draft, are a reference to their own meta-schema."""
    assert 16 == 2 * len(DRAFTS) + sum(sum(drafts.values()) for _, _, drafts in MISSES)


@pytest.mark.parametrize("uri", DRAFTS.values())
def test_a_reference_to_a_meta_schema_is_refused(uri: str) -> None:
    """It is no part of the file."""
    with pytest.raises(BadInput, match=r"\$ref at #/\$ref: we draw nothing from a meta-schema"):
        drawer({"$schema": uri, "$ref": uri})


@pytest.mark.parametrize(("keyword", "schema", "draft"), [(word, it, draft) for word, it, of in MISSES for draft in of])
def test_a_missed_schema_is_refused_with_its_keyword(keyword: str, schema: dict[str, Any], draft: int) -> None:
    """One that is drawn leaves the table."""
    with pytest.raises(BadInput) as refused:
        drawer({"$schema": DRAFTS[draft], **schema})
    assert [True] == [f"/{keyword}" in path for path in refused.value.fields]
