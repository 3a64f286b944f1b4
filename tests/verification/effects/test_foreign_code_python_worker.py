"""The process of foreign code, asked as frontsim asks it."""

import pickle
import signal
import sys
import threading
from multiprocessing import Pipe

import pytest

from frontsim.verification.effects.foreign_code import IMPORT, serve
from tests.support.patience import PATIENCE_S


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """Serves in a thread; `asked(message)` is the answer."""
    monkeypatch.setattr(signal, "setitimer", lambda *_: None)  # a thread has no alarm
    (tmp_path / "my_till.py").write_text("sales = iter([['a'], ['b']]).__next__")
    monkeypatch.setattr(sys, "path", [*sys.path])
    ours, theirs = Pipe()

    def run():
        with theirs:
            try:
                serve(theirs)
            except EOFError:
                return

    thread = threading.Thread(target=run)
    thread.start()

    def ask(message):
        ours.send_bytes(pickle.dumps(message))
        return pickle.loads(ours.recv_bytes())

    yield ask
    ours.close()
    thread.join(PATIENCE_S)
    sys.modules.pop("my_till", None)


def test_looks(asked, tmp_path):
    """Once it is ready, each look is answered; a failure is an answer too."""
    assert ("ready", None) == asked((IMPORT, [str(tmp_path), *sys.path], "my_till:sales"))
    assert ("effects", ["a"]) == asked(5.0)
    assert ("effects", ["b"]) == asked(5.0)
    assert ("failed", "got StopIteration: ") == asked(5.0)


def test_a_refusal(asked, tmp_path):
    """It says what was expected."""
    said, text = asked((IMPORT, [str(tmp_path), *sys.path], "my_till:orders"))
    assert "refused" == said
    assert "expected a name that can be imported, got 'my_till:orders'" in text
