"""The runner on a toy: a module with good tests of one function, and none of another."""

import json
import subprocess
import sys

import pytest

from tests.mutation.scope import ROOT

TOY = """
LEAST = 18
SPARE = 5

def is_adult(age):
    return age >= LEAST

class Person:
    @property
    def name(self):
        return "Ada"

def untested():
    return 1
"""
TESTS = """
import pytest
import toy

@pytest.mark.parametrize(("age", "expected"), [(17, False), (18, True), (19, True)])
def test_is_adult(age, expected):
    assert expected is toy.is_adult(age)

def test_name():
    assert "Ada" == toy.Person().name
"""
SCRIPT = """
import json, sys
from pathlib import Path
from tests.mutation import runner
folder = Path(sys.argv[1])
sys.path.insert(0, str(folder))
found = runner.run("toy", folder / "toy.py", [str(folder / "test_toy.py")], jobs=2)
print(json.dumps([len(found.mutants), [[each.function, each.before, each.after] for each in found.survivors]]))
"""


def run(folder, tests):
    (folder / "toy.py").write_text(TOY)
    (folder / "test_toy.py").write_text(tests)
    command = [sys.executable, "-c", SCRIPT, str(folder)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.long
@pytest.mark.slow
def test_survivors_are_what_no_test_tells(tmp_path):
    """In functions, properties and tables."""
    number, survivors = json.loads(run(tmp_path, TESTS).stdout)
    unkilled = [["", "5", "6"], ["", "5", "4"], ["untested", "1", "2"], ["untested", "1", "0"]]
    assert (10, unkilled) == (number, survivors)


@pytest.mark.long
@pytest.mark.slow
def test_tests_that_fail_without_a_mutant_kill_none(tmp_path):
    """Else each mutant would count as killed."""
    ended = run(tmp_path, TESTS + "\ndef test_wrong():\n    assert toy.is_adult(3)\n")
    assert (1, True) == (ended.returncode, "expected tests that pass without a mutant" in ended.stderr)
