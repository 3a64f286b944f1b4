"""The configuration file: where it is found, and what it says for a command."""

import os
from pathlib import Path

import pytest

from frontsim.errors import BadInput, Unusable
from frontsim.user_input.configuration import delivery_settings, read_configuration, read_settings


def write(folder, text, name="frontsim.toml"):
    folder.mkdir(exist_ok=True, parents=True)
    (folder / name).write_text(text)


def test_the_nearest_file_holds(tmp_path):
    """A folder below has it, too; `frontsim.toml` comes before `pyproject.toml` beside it."""
    (tmp_path / ".git").mkdir()
    write(tmp_path, 'receiver = "far"')
    write(tmp_path / "a", '[tool.frontsim]\nreceiver = "project"', "pyproject.toml")
    assert "project" == read_configuration(tmp_path / "a").values["receiver"]
    write(tmp_path / "a", 'receiver = "near"')
    (tmp_path / "a" / "b").mkdir()
    assert "near" == read_configuration(tmp_path / "a" / "b").values["receiver"]


def test_the_search_ends_at_the_repositorys_root(tmp_path):
    """Outside of a repository the current folder alone is searched: a folder above may be anyone's."""
    write(tmp_path, 'observe-cmd = "touch owned"')
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert read_configuration(tmp_path / "a").file is None
    (tmp_path / "a" / ".git").write_text("gitdir: elsewhere")
    assert read_configuration(tmp_path / "a" / "b").file is None


@pytest.fixture
def as_user(monkeypatch):
    """Looks like another user to the code: a test that is not root cannot give files away."""
    return lambda user: monkeypatch.setattr(os, "geteuid", lambda: user)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file to another user")
def test_a_strangers_file_is_refused_by_name(tmp_path, as_user):
    """It runs commands and receives keys. The user's own, and one of the current folder's owner, is taken."""
    write(tmp_path, 'observe-cmd = "touch owned"')
    (tmp_path / "a").mkdir()
    (tmp_path / ".git").mkdir()
    os.chown(tmp_path / "frontsim.toml", 1002, 1002)
    as_user(1001)
    with pytest.raises(Unusable, match=r"frontsim --config .*frontsim\.toml.* belongs to user 1002"):
        read_configuration(tmp_path / "a")
    assert read_configuration(Path("/"), {"FRONTSIM_CONFIG": str(tmp_path / "frontsim.toml")}).file
    as_user(1002)
    assert read_configuration(tmp_path / "a").file
    as_user(1001)
    os.chown(tmp_path / "a", 1002, 1002)
    assert read_configuration(tmp_path / "a").file


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file to another user")
def test_root_takes_a_file_of_the_repository(tmp_path):
    """In a container the files of a checkout belong to another user. A stranger's `.git` makes no repository."""
    write(tmp_path, "seed = 1")
    os.chown(tmp_path / "frontsim.toml", 1002, 1002)
    with pytest.raises(Unusable, match="belongs to user 1002"):
        read_configuration(tmp_path)
    (tmp_path / ".git").mkdir()
    os.chown(tmp_path / ".git", 1002, 1002)
    with pytest.raises(Unusable, match="belongs to user 1002"):
        read_configuration(tmp_path)
    os.chown(tmp_path, 1002, 1002)
    (tmp_path / "a").mkdir()
    assert {"seed": 1} == read_configuration(tmp_path / "a").values


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file to another user")
def test_a_strangers_link_to_a_file_of_the_users_is_refused(tmp_path, as_user):
    write(tmp_path / "mine", "seed = 1")
    write(tmp_path / "a", "", "other")
    link = tmp_path / "a" / "frontsim.toml"
    link.symlink_to(tmp_path / "mine" / "frontsim.toml")
    os.chown(link, 1002, 1002, follow_symlinks=False)
    as_user(0)
    with pytest.raises(Unusable, match="belongs to user 1002"):
        read_configuration(tmp_path / "a")


def test_a_file_that_anyone_may_write_to_is_taken_with_a_warning(tmp_path):
    write(tmp_path, "seed = 1")
    assert "" == read_configuration(tmp_path).warning
    (tmp_path / "frontsim.toml").chmod(0o666)
    assert "every user of this machine may write to this file" in read_configuration(tmp_path).warning


def test_a_named_project_without_our_table_is_refused(tmp_path):
    write(tmp_path, "[project]", "pyproject.toml")
    with pytest.raises(Unusable, match=r"expected a table \[tool\.frontsim\]"):
        read_configuration(tmp_path, {"FRONTSIM_CONFIG": "pyproject.toml"})


def test_a_project_without_our_table_is_passed_over(tmp_path):
    (tmp_path / ".git").mkdir()
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
