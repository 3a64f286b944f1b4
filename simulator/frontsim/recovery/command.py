"""The job's command: started in a separate process group, stopped with it, and its output searched for keys."""

import os
import shlex
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence

from frontsim.errors import BadInput
from frontsim.presentation.masking import masked

TAIL_BYTES = 16_384
"""The end of its output that is kept."""
_CHUNK = 65_536
_LAST_WORDS_S = 5.0


def words_of(command: str, values: Mapping[str, str]) -> list[str]:
    """The words of a command, with `{base_url}`, `{api_key}`, `{subscription_key}`, `{webhook_ids}` filled in.

    Raises:
        BadInput: it has no words, or its quotes do not close.
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise BadInput(f"--job: expected a command as a shell takes it, got {command!r} ({error})") from None
    if not words:
        raise BadInput("--job: expected a command such as 'python reconcile.py', got an empty one")
    for name, value in values.items():
        words = [word.replace(f"{{{name}}}", value) for word in words]
    return words


class RunningJob:
    """One process of the job.

    Args:
        words: the command.
        environment: all of its variables.
        secrets: keys by name; which of them it prints is noted.

    Raises:
        BadInput: there is no such program.
    """

    def __init__(
        self,
        words: Sequence[str],
        *,
        environment: Mapping[str, str],
        secrets: Mapping[str, str],
    ) -> None:
        self._secrets = {name: value.encode() for name, value in secrets.items()}
        self._leaked: set[str] = set()
        self._tail = b""
        try:
            self._process = subprocess.Popen(  # noqa: S603 - the user's own command is what is tested
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,
            )
        except OSError as error:
            raise BadInput(
                f"--job: expected a program that can be started, got {words[0]!r}: {error.strerror}"
            ) from None
        self._reader = threading.Thread(target=self._read, name="frontsim-job-output", daemon=True)
        self._reader.start()

    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def kill(self) -> None:
        """SIGKILL to the process and to everything that it started."""
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return

    def end(self) -> int:
        """Wait for the process to end, and kill what it left running. Gives the exit code, negative for a signal."""
        code = self._process.wait()
        self.kill()
        self._reader.join(_LAST_WORDS_S)  # a process that left the group may hold the pipe open
        if not self._reader.is_alive():
            assert self._process.stdout is not None
            self._process.stdout.close()
        return code

    @property
    def leaked(self) -> tuple[str, ...]:
        """Names of the keys that it has printed."""
        return tuple(sorted(self._leaked))

    @property
    def output(self) -> str:
        """The end of what it printed, keys and other secrets masked."""
        text = self._tail
        for secret in self._secrets.values():
            text = text.replace(secret, b"***")
        return masked(text.decode("utf-8", "replace"))

    def _read(self) -> None:
        assert self._process.stdout is not None
        pipe = self._process.stdout.fileno()
        longest = max((len(secret) for secret in self._secrets.values()), default=1)
        before = b""
        while chunk := os.read(pipe, _CHUNK):
            searched = before + chunk
            self._leaked |= {name for name, secret in self._secrets.items() if secret and secret in searched}
            before = searched[-longest:]
            self._tail = (self._tail + chunk)[-TAIL_BYTES:]
