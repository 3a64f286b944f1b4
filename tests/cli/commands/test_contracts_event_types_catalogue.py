"""`frontsim types` and `frontsim schema`."""

import json

from frontsim import catalog


def test_types(run):
    """Every type of the catalogue, with what raises it."""
    done = run("types")
    lines = done.stdout.splitlines()
    assert [each.name for each in catalog.load()] == [line.split()[0] for line in lines[1:]]
    found = json.loads(run("types", "--json").stdout)
    assert (21, "saleId") == (len(found), found[0]["identity"])


def test_schema(run):
    """A type's schema, whatever the case of its name."""
    schema = catalog.load().find("SaleCreated").schema
    assert schema == json.loads(run("schema", "salecreated").stdout)


def test_an_unknown_type(run):
    """A type that is not there is refused, with what comes near."""
    done = run("schema", "SaleCreted")
    assert (3, True) == (done.exit_code, "did you mean SaleCreated" in done.stderr)


def test_types_of_the_users_own(run, tmp_path, monkeypatch):
    """A folder with schemas adds types, named by an option or in the environment."""
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas" / "MyOwn.json").write_text('{"type": "object"}')
    assert {"type": "object"} == json.loads(run("schema", "MyOwn", "--contracts", str(tmp_path)).stdout)
    monkeypatch.setenv("FRONTSIM_CONTRACTS", str(tmp_path))
    assert "MyOwn" in run("types").stdout


def test_a_folder_that_is_not_there(run):
    """A missing folder is wrong usage."""
    assert 3 == run("types", "--contracts", "nowhere").exit_code
