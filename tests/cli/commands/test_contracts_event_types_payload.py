"""`frontsim payload`."""

import json
import subprocess
import sys

import pytest

from frontsim import catalog
from tests.support.forked import popen
from tests.support.patience import PATIENCE_S

PAYLOAD = [sys.executable, "-m", "frontsim.cli.main", "payload"]


@pytest.fixture
def lines(run):
    """`lines("SaleCreated", "--count", "3")`: what a command line prints, read as JSON."""

    def printed(*args, **options):
        done = run("payload", *args, **options)
        assert (0, "") == (done.exit_code, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    return printed


@pytest.mark.parametrize("type_", [each.name for each in catalog.load()])
def test_every_type(run, type_):
    """Each type has payloads, valid under its schema, one a line."""
    done = run("payload", type_, "--count", "3")
    bodies = done.stdout_bytes.splitlines()
    assert (3, [True] * 3) == (len(bodies), [catalog.load().is_valid(type_, body) for body in bodies])


def test_the_seed_decides(lines):
    """The same seed gives the same lines, another one others; a longer list begins with the shorter."""
    three = lines("SaleCreated", "--count", "3")
    assert three == lines("salecreated", "--count", "300", "--seed", "1")[:3]
    assert three != lines("SaleCreated", "--count", "3", "--seed", "2")


def test_the_seed_of_the_environment(lines, monkeypatch):
    """FRONTSIM_SEED stands in for --seed, as it does for a simulator."""
    two = lines("SaleCreated", "--seed", "2")
    monkeypatch.setenv("FRONTSIM_SEED", "2")
    assert two == lines("SaleCreated")


def test_changes(lines):
    """A store, fields by path, or a payload from the user."""
    assert {4711} == {each["storeId"] for each in lines("SaleCreated", "--store", "4711", "--count", "3")}
    assert {"æ"} == {each["comment"] for each in lines("SaleCreated", "--set", "comment=æ", "--count", "3")}
    assert [{"a": 2}] == lines("SaleCreated", "--payload", "-", "--set", "a=2", "--invalid", stdin=b'{"a": 1}')


@pytest.mark.parametrize(
    ("args", "text"),
    [
        (["SaleCreated", "--set", "total=x"], "total: expected"),
        (["SaleCreated", "--set", "nope=1"], "nope: got 'nope', but the payload is an object with"),
        (["SaleCreted"], "did you mean SaleCreated"),
        (["SaleCreated", "--count", "-1"], "-1 is not in the range"),
        (["SaleCreated", "--seed", str(2**63)], "is not in the range"),
    ],
)
def test_what_is_refused(run, args, text):
    """A path that leads nowhere, a value that breaks the schema, an unknown type: code 3 and nothing printed."""
    done = run("payload", *args)
    assert (3, "") == (done.exit_code, done.stdout)
    assert text in " ".join(done.stderr.split())


def test_what_breaks_the_schema_all_the_same(lines):
    """--invalid lets through what breaks the schema."""
    assert ["x"] == [each["total"] for each in lines("SaleCreated", "--set", "total=x", "--invalid")]


def test_types_of_the_users_own(lines, tmp_path):
    """A type that is only a schema has payloads as well."""
    (tmp_path / "Mine.json").write_text('{"type": "object", "required": ["a"], "properties": {"a": {"const": 7}}}')
    assert [7, 7] == [each["a"] for each in lines("Mine", "--count", "2", "--contracts", str(tmp_path))]


@pytest.mark.slow
def test_memory_does_not_grow():
    """A long list is streamed: it begins before it is all made, and ends when the reader leaves."""
    with popen([*PAYLOAD, "SaleCreated", "--count", "100000000"], stdout=subprocess.PIPE) as process:
        assert "saleId" in json.loads(process.stdout.readline())
        process.stdout.close()
        assert 141 == process.wait(timeout=PATIENCE_S)


def test_the_profile_decides(lines, monkeypatch):
    """Strict leaves nothing out, by the option or by the environment; typical is the default."""
    typical = lines("SaleCreated", "--count", "5")
    strict = lines("SaleCreated", "--count", "5", "--payloads", "strict")
    assert all(None not in payload.values() for payload in strict)
    assert any(None in payload.values() for payload in typical)
    monkeypatch.setenv("FRONTSIM_PAYLOADS", "strict")
    assert strict == lines("SaleCreated", "--count", "5")
    assert typical == lines("SaleCreated", "--count", "5", "--payloads", "typical")


def test_digits_are_text_for_a_field_of_text(lines):
    """No quotes within quotes for a barcode; a field of numbers takes the number."""
    [movement] = lines("StockMovementCreated", "--set", "gtin=7041234567892", "--set", "quantity=-2")
    assert ("7041234567892", -2) == (movement["gtin"], movement["quantity"])
