import os
import sys

import pytest

from frontsim.errors import BadInput
from frontsim.hosting.user_program import RunningJob, words_of


def run(code: str, **secrets: str) -> tuple[int, RunningJob]:
    job = RunningJob([sys.executable, "-c", code], environment=os.environ, secrets=secrets)
    return job.end(), job


def test_a_command_gets_what_it_asks_for():
    """Every placeholder, within words, too; other braces stay."""
    values = {"base_url": "http://h/restapi/V2", "api_key": "k"}
    assert ["job", "--url=http://h/restapi/V2", "{other}"] == words_of("job --url={base_url} '{other}'", values)


@pytest.mark.parametrize("command", ["", "  ", "job 'open"])
def test_what_is_no_command_is_refused(command):
    """With what was expected."""
    with pytest.raises(BadInput, match="--job: expected a command"):
        words_of(command, {})


def test_a_program_that_is_not_there_is_refused():
    """Before anything is judged."""
    with pytest.raises(BadInput, match="expected a program that can be started, got '/nowhere/job'"):
        RunningJob(["/nowhere/job"], environment={}, secrets={})


def test_a_key_is_found_wherever_it_is_printed():
    """On standard error, and across two writes; the kept output shows it masked."""
    code = (
        "import sys; sys.stderr.write('key is s3cr'); sys.stderr.flush(); "
        "sys.stderr.write('3t and more'); sys.stderr.flush()"
    )
    exit_code, job = run(code, api="s3cr3t", other="not-there")
    assert (0, ("api",)) == (exit_code, job.leaked)
    assert "key is *** and more" == job.output


def test_only_the_end_of_a_long_output_is_kept():
    """A job that prints for ever fills no memory."""
    _, job = run("print('x' * 1_000_000); print('the end')", api="k")
    assert job.output.endswith("the end\n")
    assert len(job.output) <= 20_000


def test_a_signal_is_a_negative_exit_code():
    """As subprocess has it."""
    exit_code, _ = run("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", api="k")
    assert -9 == exit_code


def test_a_running_job_can_be_killed():
    """And has ended then."""
    job = RunningJob([sys.executable, "-c", "input() if 0 else __import__('time').sleep(600)"],
                     environment=os.environ, secrets={})  # fmt: skip
    assert not job.has_ended()
    job.kill()
    assert -9 == job.end()
    assert job.has_ended()
