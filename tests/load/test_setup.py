"""A load test sets up its simulator, and takes down what it has set up."""

from argparse import Namespace
from dataclasses import replace

import pytest

from frontsim.errors import BadInput, Unusable
from frontsim.load.options import Load
from frontsim.load.setup import LoadSetup, set_up

pytestmark = pytest.mark.slow


def test_nothing_is_left_behind(load: Load) -> None:
    """The webhooks of a run go with it; what was there before stays."""
    setup = set_up(load)
    kept = setup.api.create_webhook("InvoiceCreated", load.options.receiver)
    setup.close()
    again = set_up(load)
    assert [kept.id] == [each.id for each in again.api.list_webhooks() if each.event not in load.mix]
    assert 2 == len(again.created)
    again.close()


def test_a_webhook_of_another_receiver_is_refused(load: Load, setup: LoadSetup) -> None:
    """It would get our load: another receiver's webhook for a type of the mix ends the run before it begins."""
    setup.api.create_webhook("SaleCreated", "http://10.0.0.5/hook")
    with pytest.raises(BadInput, match=r"http://10\.0\.0\.5/hook"):
        set_up(load)


def test_a_receiver_that_is_not_there_ends_the_run(load: Load) -> None:
    """Before a simulator is started or anything is raised."""
    gone = replace(load, options=Namespace(**{**vars(load.options), "receiver": "http://127.0.0.1:1/hook"}))
    with pytest.raises(Unusable, match="start it first"):
        set_up(gone)
