"""A folder of event types: its files, and each mistake in it, named with its file and key."""

import json
from pathlib import Path

import pytest

from frontsim.catalog import contracts_in, load
from frontsim.errors import Unusable

ORDER = {"type": "object", "properties": {"id": {"type": "integer"}}}


def write(folder: Path, **files: object) -> Path:
    """`schemas__A=x` becomes `schemas/A.json`; text is written as it is, the rest as JSON."""
    for name, content in files.items():
        file = folder / f"{name.replace('__', '/')}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return folder


def test_entries_come_in_their_order_then_schemas_without_one(tmp_path: Path) -> None:
    """`events.json` gives the order; a schema that it does not name is a type all the same."""
    write(tmp_path, events=[{"name": "B", "identity": "id"}, {"name": "A"}])
    write(tmp_path, schemas__A=ORDER, schemas__B=ORDER, schemas__Z=ORDER, schemas__C=ORDER)
    found = contracts_in(tmp_path)
    assert ["B", "A", "C", "Z"] == [each.name for each in found]
    assert ({"name": "B", "identity": "id"}, {"name": "Z"}) == (found[0].facts, found[3].facts)
    assert (ORDER, tmp_path / "schemas/B.json") == (found[0].schema, found[0].file)


def test_schemas_may_lie_in_the_folder_itself(tmp_path: Path) -> None:
    """Without `schemas/`, the folder's own files are the schemas; hidden files are passed over."""
    write(tmp_path, events=[{"name": "B", "store": None}], A=ORDER, B=ORDER)
    write(tmp_path, **{".A": "an editor's"})
    assert ["B", "A"] == [each.name for each in contracts_in(tmp_path)]


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"A": "{"}, "A.json: expected JSON, got"),
        ({"A": "\ud800".encode("utf-16", "surrogatepass").decode("latin-1")}, "A.json: expected JSON, got"),
        ({"A": [1]}, "A.json: expected a JSON Schema as an object, got [1]"),
        ({"A": True}, "A.json: expected a JSON Schema as an object, got true"),
        ({"A": "null"}, "A.json: expected a JSON Schema as an object, got null"),
        ({"events": {"A": {}}}, 'events.json: expected a list of event types, got {"A":{}}'),
        ({"events": ["A"]}, "events.json: [0]: expected an object with a name, got 'A'"),
        ({"events": [{"trigger": "x"}]}, "events.json: [0].name: expected text, got nothing"),
        ({"events": [{"name": 1}]}, "events.json: [0].name: expected text, got 1"),
        ({"events": [{"name": "A", "identiy": "id"}]}, "events.json: [0].identiy: expected one of name, "),
        ({"events": [{"name": "A", "identity": 7}]}, "events.json: [0].identity: expected text, got 7"),
        ({"events": [{"name": "A", "identity": None}]}, "events.json: [0].identity: expected text, got null"),
        ({"events": [{"name": "A", "version": "id"}]}, "events.json: [0].version: expected a list of texts, got 'id'"),
        (
            {"events": [{"name": "A", "version": [1]}]},
            "events.json: [0].version: expected nothing but text in it, got 1",
        ),
        (
            {"events": [{"name": "A", "state": {"of": ["id"]}}]},
            "events.json: [0].state: expected of (a list of texts) and since (a list of texts), got",
        ),
        (
            {"events": [{"name": "A", "past": {"event": "B", "keep": "id"}}]},
            "events.json: [0].past: expected event (text) and keep (a list of texts), got",
        ),
        (
            {"events": [{"name": "A", "provenance": {"x": 1}}]},
            "[0].provenance: expected nothing but text in it, got 1",
        ),
        ({"events": [{"name": "A"}]}, "A.json: expected a file that can be read, got No such file"),
        ({"events": [{"name": "../A"}], "A": ORDER}, "expected a name that starts with a letter"),
        ({"events": [{"name": ""}], "A": ORDER}, "expected a name that starts with a letter"),
        ({"A B": ORDER}, "A B.json: expected a name that starts with a letter"),
        ({"events": [{"name": "A" * 101}]}, "expected a name that starts with a letter and has up to 100"),
        ({"events": []}, "expected a folder with events.json, schemas/NAME.json or NAME.json"),
        ({}, "got none of them"),
    ],
)
def test_a_mistake_is_named_with_its_file_and_key(tmp_path: Path, files: dict[str, object], told: str) -> None:
    """Nothing of a folder with a mistake is used; the text says where it is, what was expected and what came."""
    write(tmp_path, **files)
    with pytest.raises(Unusable) as caught:
        contracts_in(tmp_path)
    assert told in str(caught.value)
    assert str(tmp_path) in str(caught.value)


@pytest.mark.parametrize("name", ["missing", "file.json", "x" * 300])
def test_a_folder_that_is_none(tmp_path: Path, name: str) -> None:
    """A missing folder, a file and a name that no file may have are refused alike."""
    (tmp_path / "file.json").write_text("{}")
    with pytest.raises(Unusable, match=r"expected a folder with events\.json.* got "):
        contracts_in(tmp_path / name)


def test_a_pattern_that_may_backtrack_is_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The type is taken: what it refuses is explained within a limit."""
    write(tmp_path, Mail={"properties": {"mail": {"pattern": "^(a+)+$"}}})
    assert load(tmp_path).find("Mail")
    (record,) = caplog.records
    assert f"{tmp_path / 'Mail.json'}: the pattern ^(a+)+$ may backtrack" in record.getMessage()


def test_a_schema_whose_parts_multiply_is_refused(tmp_path: Path) -> None:
    """Nothing could end the check of a value that is valid."""
    levels = {f"l{n}": {"allOf": [{"$ref": f"#/$defs/l{n - 1}"}] * 10} for n in range(1, 13)}
    write(tmp_path, Deep={"$defs": {"l0": {}, **levels}, "$ref": "#/$defs/l12"})
    with pytest.raises(Unusable, match=r"Deep\.json: expected a JSON Schema that can be checked quickly: it applies"):
        load(tmp_path)
