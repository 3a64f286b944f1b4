"""`frontsim contracts pull` and `diff`."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from frontsim import catalog
from frontsim.cli.commands import contracts
from frontsim.client.errors import RetryPolicy
from tests.cli.commands.test_contracts_contract_pull import EXTRA
from tests.support.simulation import Simulation, simulation

SALE = {"type": "object", "required": ["saleId"], "properties": {"saleId": {"type": "string"}}}


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Simulation]:
    """A second simulator as the real API, with strict keys."""
    folder = tmp_path / "real"
    folder.mkdir()
    (folder / "SaleCreated.json").write_text(json.dumps(SALE))
    (folder / "ParcelSent.json").write_text(json.dumps(EXTRA))
    with simulation(contracts=folder, auth="strict") as sim:
        yield sim


@pytest.fixture(autouse=True)
def _no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contracts, "RETRY", RetryPolicy(sleep=lambda _: None))


def test_pull_writes_a_folder_for_contracts(run: Any, real: Simulation, tmp_path: Path):
    """Every schema as served, unknown types included; a catalogue made of it knows all, and payloads follow it."""
    out = tmp_path / "pulled"
    done = run("contracts", "pull", "--out", str(out), "--base-url", real.base_url)
    assert (0, "") == (done.exit_code, done.stderr)
    assert "22 types" in done.stdout
    assert "New to frontsim: ParcelSent" in done.stdout
    known = catalog.load(out)
    assert (SALE, EXTRA) == (known.find("SaleCreated").schema, known.find("ParcelSent").schema)
    [sale] = run("payload", "SaleCreated", "--contracts", str(out)).stdout.splitlines()
    assert isinstance(json.loads(sale)["saleId"], str)
    told = json.loads(run("contracts", "pull", "--out", str(out), "--base-url", real.base_url, "--json").stdout)
    assert (22, ["ParcelSent"], {}) == (len(told["types"]), told["new"], told["leftOut"])


def test_no_key_is_shown(run: Any, real: Simulation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """They come from the environment; a refusal says where they come from, not what they are. Nothing is written."""
    monkeypatch.setenv("FRONTSIM_SUBSCRIPTION_KEY", "hunter2")
    out = tmp_path / "pulled"
    for arguments in (["pull", "--out", str(out), "--base-url", real.base_url], ["diff", "bundled", real.base_url]):
        done = run("contracts", *arguments)
        assert (3, False) == (done.exit_code, out.exists())
        assert "--subscription-key" in done.stderr
        assert "hunter2" not in done.output + done.stderr


def test_a_breaking_change_is_1(run: Any, real: Simulation):
    """A type of a field, and a field that is gone; the table says which break."""
    done = run("contracts", "diff", "bundled", real.base_url)
    assert 1 == done.exit_code
    lines = done.stdout.splitlines()
    assert any(line.split()[:4] == ["breaking", "SaleCreated", "saleId", "types"] for line in lines)
    assert any(line.split()[:4] == ["ok", "ParcelSent", "-", "type-added"] for line in lines)


def test_no_breaking_change_is_0(run: Any, tmp_path: Path):
    """Folders, too; JSON has each change."""
    for name, more in (("a", {}), ("b", {"more": {"type": "string"}})):
        (tmp_path / name).mkdir()
        schema = {**SALE, "properties": {**SALE["properties"], **more}}  # type: ignore[dict-item]
        (tmp_path / name / "SaleCreated.json").write_text(json.dumps(schema))
    a, b = str(tmp_path / "a"), str(tmp_path / "b")
    done = run("contracts", "diff", a, b, "--json")
    assert 0 == done.exit_code
    change = {"event": "SaleCreated", "path": "more", "change": "field-added", "before": "", "after": "string"}
    assert {"breaking": False, "changes": [{**change, "breaking": False}]} == json.loads(done.stdout)
    assert 1 == run("contracts", "diff", b, a).exit_code
    same = run("contracts", "diff", "bundled", "bundled")
    assert (0, "no changes\n") == (same.exit_code, same.stdout + same.stderr)


@pytest.mark.parametrize("arguments", [["diff", "bundled"], ["diff", "bundled", "nowhere"], ["pull"]])
def test_wrong_usage_is_3(run: Any, arguments: list[str]):
    assert 3 == run("contracts", *arguments).exit_code


def test_a_type_that_is_left_out_is_a_warning(run: Any, real: Simulation, tmp_path: Path):
    """The rest is written."""
    real.breaks("api-error", {"operation": "getWebhookTypeSchema"}, times=1, params={"status": 404})
    done = run("contracts", "pull", "--out", str(tmp_path / "pulled"), "--base-url", real.base_url)
    assert 0 == done.exit_code
    assert "is left out: the API has no schema of it (404)" in done.stderr
    assert "21 types" in done.stdout


def test_a_folder_that_cannot_be_written_is_3(run: Any, real: Simulation, tmp_path: Path):
    (tmp_path / "file").write_text("")
    done = run("contracts", "pull", "--out", str(tmp_path / "file" / "x"), "--base-url", real.base_url)
    assert (3, True) == (done.exit_code, "--out" in done.stderr)


@pytest.mark.parametrize("command", [["pull", "--out", "pulled", "--base-url"], ["diff", "bundled"]])
def test_keys_come_from_files(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]):
    """A wrong key is refused; the right ones are read from files, and never printed."""
    monkeypatch.chdir(tmp_path)
    keys = {"api_key": "frontsm.right", "subscription_key": "right"}
    for name, key in keys.items():
        (tmp_path / name).write_text(f"{key}\n")
    with simulation(auth="strict", **keys) as strict:
        files = ["--api-key-file", "api_key", "--subscription-key-file", "subscription_key"]
        assert 3 == run("contracts", *command, strict.base_url, "--api-key-file", "none").exit_code
        assert 0 != run("contracts", *command, strict.base_url).exit_code
        done = run("contracts", *command, strict.base_url, *files)
    assert (0, False) == (done.exit_code, "right" in done.stdout + done.stderr)
