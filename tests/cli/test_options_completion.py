"""The shell completes commands, options and values."""

import pytest
from click.shell_completion import ShellComplete

from frontsim.cli.main import frontsim


@pytest.mark.parametrize(
    ("words", "incomplete", "found"),
    [
        (["trigger"], "salec", ["SaleCreated"]),
        (["schema"], "POS", ["POSSettlementCreated"]),
        (["webhooks", "create"], "Invoice", ["InvoiceCreated"]),
        (["fault", "add", "refuse", "--event"], "CustomerU", ["CustomerUpdated"]),
        (["verify", "--scenario"], "lost", ["lost-response"]),
        (["verify", "--events"], "SaleCreated,Inv", ["SaleCreated,InvoiceCreated"]),
        (["verify-recovery", "--case"], "api-404", ["api-404-one-webhook"]),
        (["simulate"], "stock", ["stock-count"]),
        (["load"], "lost", ["lost-answers"]),
        (["fault", "add"], "lost", ["lost-response"]),
        ([], "dra", ["drain"]),
    ],
)
def test_names_are_completed_by_how_they_begin(words, incomplete, found):
    """In any case; in a list of types the last one."""
    shell = ShellComplete(frontsim, {}, "frontsim", "_FRONTSIM_COMPLETE")
    assert found == [item.value for item in shell.get_completions(words, incomplete)]
