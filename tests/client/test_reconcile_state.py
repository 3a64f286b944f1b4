from datetime import date
from pathlib import Path

import pytest

from frontsim.client.reconcile_state import ReconcileState, default_file
from frontsim.errors import Unusable

API = "http://127.0.0.1:8400/restapi/V2"


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({"FRONTSIM_STATE_DIR": "/a", "XDG_STATE_HOME": "/b", "HOME": "/c"}, "/a"),
        ({"XDG_STATE_HOME": "/b", "HOME": "/c"}, "/b/frontsim"),
        ({"HOME": "/c"}, "/c/.local/state/frontsim"),
    ],
)
def test_where_the_state_is_kept(environment, folder):
    """Our own variable, then the user's folder for state."""
    assert Path(folder) / "reconcile-127.0.0.1-8400.json" == default_file(API, environment)


def test_each_api_has_a_file_of_its_own():
    """Jobs of two APIs do not wait for each other, and no webhook's window is another's."""
    environment = {"HOME": "/c"}
    names = {default_file(url, environment).name for url in (API, "http://127.0.0.1:8401/api", "https://shop.example")}
    assert {"reconcile-127.0.0.1-8400.json", "reconcile-127.0.0.1-8401.json", "reconcile-shop.example-https.json"} == (
        names
    )


def test_without_a_home_the_user_names_a_file():
    """A container's random user has none."""
    with pytest.raises(Unusable, match="name a file for the job's state with --state"):
        default_file(API, {})


def test_a_window_begins_where_the_webhook_was_finished_last(tmp_path):
    """With an overlap of two days, and never later than the default."""
    file = tmp_path / "deep" / "state.json"
    default = date(2026, 11, 1)
    with ReconcileState(file).alone() as is_alone:
        assert is_alone
    first = ReconcileState(file)
    with first.alone():
        assert default == first.window_from("w", default)
        first.note("w", date(2026, 10, 20))
        first.note("v", date(2026, 11, 20))
    again = ReconcileState(file)
    with again.alone():
        assert date(2026, 10, 18) == again.window_from("w", default)
        assert default == again.window_from("v", default)


def test_an_unfinished_webhook_keeps_where_it_was(tmp_path):
    """However often it is not finished."""
    state = ReconcileState(tmp_path / "state.json")
    state.keep("w", date(2026, 10, 20))
    state.keep("w", date(2026, 11, 20))
    assert date(2026, 10, 18) == state.window_from("w", date(2026, 11, 1))


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"webhooks": {"w": {"since": "soon"}}}', "\x00\xff"])
def test_a_damaged_file_counts_as_none_and_is_reported(tmp_path, content):
    """A job that stops for ever would lose more."""
    file = tmp_path / "state.json"
    file.write_bytes(content.encode("latin-1"))
    state = ReconcileState(file)
    state.read()
    assert f"{file}: expected the state of an earlier start" in state.damage
    assert date(2026, 11, 1) == state.window_from("w", date(2026, 11, 1))
    state.note("w", date(2026, 10, 20))
    state.read()
    assert "" == state.damage


def test_a_second_copy_is_not_alone(tmp_path):
    """Until the first has ended."""
    file = tmp_path / "state.json"
    with ReconcileState(file).alone() as first, ReconcileState(file).alone() as second:
        assert (True, False) == (first, second)
    with ReconcileState(file).alone() as third:
        assert third


def test_a_folder_that_cannot_be_written_is_refused(tmp_path):
    """Before anything is resent: without a lock two copies could double events."""
    (tmp_path / "file").touch()
    with pytest.raises(Unusable, match="name a file that can be written with --state"):
        ReconcileState(tmp_path / "file" / "state.json").alone().__enter__()
