import subprocess
import sys

import pytest

from tests.support.pytest_run import pytest_run

pytestmark = pytest.mark.slow


def run(*args, cwd):
    return pytest_run("-q", *args, folder=cwd)


def test_the_plugin_imports_nothing_heavy():
    """It is loaded in every pytest run of everybody: nothing of ours but the plugin and its options is imported."""
    code = (
        "import sys, pytest; before = set(sys.modules); import frontsim.pytest_plugin; "
        "print(sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (
        "['frontsim', 'frontsim.pytest_plugin', 'frontsim.verification', 'frontsim.verification.options']\n"
        == done.stdout
    )


def test_the_options_are_explained(tmp_path):
    """`pytest --help` names each option in a group of ours."""
    text = run("--help", cwd=tmp_path).stdout
    for name in (
        "url",
        "observe-url",
        "observe-sql",
        "observe-key",
        "observe-ignore",
        "check-content",
        "cmd",
        "dependency",
        "events",
        "seed",
        "set",
        "payloads",
    ):
        assert f"--receiver-{name}=" in text
    assert "--recovery-job=" in text
    assert "--recovery-seed=" in text


def test_without_a_receiver_the_suite_is_skipped_with_the_reason(tmp_path):
    """No --receiver-url: every test is skipped, nothing is started, and the reason is told."""
    done = run("--pyargs", "frontsim.contract_suite", "-rs", cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    assert "no --receiver-url: there is no receiver to test" in done.stdout
    assert "no --recovery-job: there is no list -> resend job to test" in done.stdout
    assert " passed" not in done.stdout


def test_fixtures_can_be_overridden(tmp_path):
    """A project's own conftest says where the receiver is, and its own module takes the tests in."""
    (tmp_path / "conftest.py").write_text(
        "import pytest\n\n@pytest.fixture(scope='session')\ndef receiver_url():\n    return 'http://127.0.0.1:1/hook'\n"
    )
    (tmp_path / "test_ours.py").write_text("from frontsim.contract_suite.test_contract import *\n")
    done = run("-k", "steady", "-x", cwd=tmp_path)
    assert "nothing listens on 127.0.0.1 port 1" in done.stdout


def test_a_dependency_is_an_option_or_in_the_configuration_file(tmp_path):
    """It is read, and refused, as `verify` does it."""
    args = ("--pyargs", "frontsim.contract_suite", "--receiver-url", "http://127.0.0.1:1/hook", "-k", "steady", "-x")
    done = run(*args, "--receiver-dependency", "db=127.0.0.1:1", cwd=tmp_path)
    assert "--dependency db: expected something that listens on 127.0.0.1:1" in done.stdout
    (tmp_path / "frontsim.toml").write_text('[verify]\ndependency = ["db"]\n')
    assert "--dependency: expected NAME=HOST:PORT" in run(*args, cwd=tmp_path).stdout


def test_payloads_are_chosen_and_changed(tmp_path):
    """By options, or by the configuration file; a change that fits no type is refused as `verify` refuses it."""
    (tmp_path / "frontsim.toml").write_text('[verify]\nset = ["skuu=1"]\n')
    args = ("--pyargs", "frontsim.contract_suite", "--receiver-url", "http://127.0.0.1:1/hook", "-k", "steady", "-x")
    assert "--set skuu: expected a path" in run(*args, cwd=tmp_path).stdout
    done = run(*args, "--receiver-set", "comment=x", "--receiver-set", "total=y", cwd=tmp_path)
    assert "--set total: expected a value that the schema of SaleCreated allows, got 'y'" in done.stdout


def test_an_option_replaces_another_way_to_read_effects_in_the_file(tmp_path):
    """As for `verify`: the file's observer does not stand in the way, so the receiver is looked for."""
    (tmp_path / "frontsim.toml").write_text('[verify]\nobserve-url = "http://127.0.0.1:1/effects"\n')
    args = ("--pyargs", "frontsim.contract_suite", "--receiver-url", "http://127.0.0.1:1/hook", "-k", "steady", "-x")
    done = run(*args, "--receiver-observe-sql", "sqlite:///shop.db SELECT 1", cwd=tmp_path)
    assert "nothing listens on 127.0.0.1 port 1" in done.stdout


@pytest.mark.long
def test_a_folder_of_the_users_called_simulator_hides_nothing_of_ours(tmp_path):
    """In a project that has a package of that name, pytest starts, and the contract suite is found."""
    (tmp_path / "simulator").mkdir()
    (tmp_path / "simulator" / "__init__.py").touch()
    (tmp_path / "test_theirs.py").write_text("import simulator\n\ndef test_theirs(): assert simulator.__file__\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_theirs.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stdout + done.stderr
    assert "1 passed" in done.stdout


def test_a_call_that_fails_is_shown_at_the_line_of_the_test(tmp_path):
    """Its message says what was wrong; frames of ours say nothing to the user."""
    (tmp_path / "test_own.py").write_text("def test_a_typo(front):\n    front.trigger('SaleCreatedd')\n")
    text = run("test_own.py", cwd=tmp_path).stdout
    assert ">       front.trigger('SaleCreatedd')\nE       frontsim.client.errors.ApiError: expected an event" in text
    assert "did you mean SaleCreated" in text
    assert "simulator/frontsim" not in text
