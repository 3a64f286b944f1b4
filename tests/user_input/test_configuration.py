"""The configuration file: where it is found, and what it says for a command."""

from pathlib import Path

import pytest

from frontsim.errors import BadInput, Unusable
from frontsim.user_input.configuration import delivery_settings, read_configuration, read_settings


def write(folder, text, name="frontsim.toml"):
    folder.mkdir(exist_ok=True, parents=True)
    (folder / name).write_text(text)


def test_the_nearest_file_holds(tmp_path):
    """A folder below has it, too; `frontsim.toml` comes before `pyproject.toml` beside it."""
    write(tmp_path, 'receiver = "far"')
    write(tmp_path / "a", '[tool.frontsim]\nreceiver = "project"', "pyproject.toml")
    assert "project" == read_configuration(tmp_path / "a").values["receiver"]
    write(tmp_path / "a", 'receiver = "near"')
    (tmp_path / "a" / "b").mkdir()
    assert "near" == read_configuration(tmp_path / "a" / "b").values["receiver"]


def test_a_project_without_our_table_is_passed_over(tmp_path):
    write(tmp_path, 'receiver = "far"')
    write(tmp_path / "a", '[project]\nname = "shop"', "pyproject.toml")
    assert {"receiver": "far"} == read_configuration(tmp_path / "a").for_command("verify")


def test_a_commands_own_table_comes_first(tmp_path):
    write(tmp_path, "seed = 1\ntoken = 't'\n[serve]\nseed = 2\n[webhooks]\ntoken = 'w'\n[webhooks.list]\ntoken = 'l'")
    found = read_configuration(tmp_path)
    assert {"seed": 2, "token": "t"} == found.for_command("serve")
    assert {"seed": 1, "token": "l"} == found.for_command("webhooks", "list")


@pytest.mark.parametrize("text", ["receiver =", "\xff"])
def test_what_is_no_toml_is_refused_with_the_files_name(tmp_path, text):
    (tmp_path / "frontsim.toml").write_text(text, "latin-1")
    with pytest.raises(Unusable, match=r"frontsim\.toml: expected TOML"):
        read_configuration(tmp_path)


def test_a_table_where_a_value_stands_is_refused(tmp_path):
    write(tmp_path, "serve = 8400")
    with pytest.raises(BadInput, match=r"expected a table \[serve\]"):
        read_configuration(tmp_path).for_command("serve")


def test_delivery_settings_come_from_the_environment_then_the_file(tmp_path):
    """A path of the file starts from its folder; only settings of deliveries are read."""
    write(tmp_path, 'event-header = "X-Kind"\nevent-id-header = "X-Id"\ntls-ca = "ca.pem"\nport = 1')
    environ = {"FRONTSIM_EVENT_HEADER": "X-Type", "FRONTSIM_TLS_VERIFY": "false", "FRONTSIM_PORT": "2"}
    assert {
        "event_header": "X-Type",
        "event_id_header": "X-Id",
        "tls_verify": False,
        "tls_ca": tmp_path / "ca.pem",
    } == delivery_settings(read_configuration(tmp_path), environ, "serve")


def test_a_flag_that_is_neither_true_nor_false_is_refused():
    with pytest.raises(BadInput, match="FRONTSIM_TLS_VERIFY: expected true or false"):
        delivery_settings(read_configuration(Path("/")), {"FRONTSIM_TLS_VERIFY": "perhaps"})


def test_settings_are_refused_by_the_name_of_their_option():
    assert 3 == read_settings(port=0, seed=3).seed
    with pytest.raises(BadInput, match="--event-id-header: expected an HTTP header name"):
        read_settings(event_id_header="a b")
