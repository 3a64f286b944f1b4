"""`frontsim relay`: what it refuses; the relay itself is tested beside `client/relay.py`, its kills in stacks."""


def test_a_relay_sends_to_this_machine_alone(run):
    """Real events hold personal data."""
    done = run("relay", "--to", "https://shop.example/hook")
    assert 3 == done.exit_code
    assert "add --allow-remote to send real events to shop.example" in done.stderr


def test_a_relay_with_a_broken_state_is_refused(run, tmp_path):
    (tmp_path / "s").write_text("{")
    done = run("relay", "--to", "http://127.0.0.1:1/hook", "--state", str(tmp_path / "s"))
    assert (3, "{") == (done.exit_code, (tmp_path / "s").read_text())
    assert "expected the state of an earlier relay" in done.stderr
