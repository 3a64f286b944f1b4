"""Every receiver that is broken on purpose is registered, and says what must find it."""

import inspect
from importlib import import_module
from pathlib import Path

import pytest

from frontsim import subjects
from frontsim.subjects.reference import Receiver, Variant
from frontsim.subjects.registry import BROKEN, CORRECT
from frontsim.verification.effects.classes import Class
from frontsim.verification.scenario.scenario import bundled_scenarios


def test_every_broken_receiver_of_the_folder_is_registered_once() -> None:
    """A class that is only a part of others has an underscore before its name."""
    modules = [
        import_module(f"{subjects.__name__}.{path.stem}")
        for path in Path(inspect.getfile(subjects)).parent.glob("*.py")
        if path.stem.startswith("broken_") and path.stem != "broken_jobs"
    ]
    there = {
        item
        for module in modules
        for item in vars(module).values()
        if inspect.isclass(item)
        and issubclass(item, Receiver)
        and item.__module__ == module.__name__
        and not item.__name__.startswith("_")
    }
    assert there == {each.receiver for each in BROKEN.values()}
    assert len(there) == len(BROKEN)


@pytest.mark.parametrize("variant", BROKEN.values(), ids=BROKEN)
def test_what_must_find_it_exists(variant: Variant) -> None:
    """Classes of finding and scenarios, at least one of each; its name is no right receiver's."""
    assert variant.expected
    assert variant.expected <= {str(each) for each in Class}
    assert variant.scenarios
    assert set(variant.scenarios) <= {each.name for each in bundled_scenarios()}
    assert variant.name not in CORRECT
    assert variant.bug.endswith(".")
