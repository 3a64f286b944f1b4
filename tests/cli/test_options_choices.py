"""Mistyped words on the command line, wherever one of several is expected."""

import pytest
from click.testing import CliRunner

from frontsim.cli.main import frontsim

NOWHERE = "http://127.0.0.1:9/"


@pytest.mark.parametrize(
    ("args", "meant"),
    [
        (["simulate", "sael"], "sale"),
        (["fault", "add", "lost-respons"], "lost-response"),
        (["payload", "SaleCreated", "--payloads", "typicl"], "typical"),
        (["payload", "SaleCreated", "--set", "totl=1"], "total"),
        (["serve", "--port", "0", "--auth", "lenien"], "lenient"),
        (["serve", "--port", "0", "--delivery-shape", "envelop"], "envelope"),
        (["receiver", "--broken", "no-dedup"], "no-dedupe"),
        (["receiver", "--variant", "inbx"], "inbox"),
        (["job", "--broken", "only-todya"], "only-today"),
        (["verify-recovery", "--job", "x", "--case", "every-webhok"], "every-webhook"),
        (["verify", "--receiver", NOWHERE, "--scenario", "stedy"], "steady"),
        (["verify", "--receiver", NOWHERE, "--check-content", "exct"], "exact"),
        (["load", "stedy"], "steady"),
        (["init", "--ci", "githb"], "github"),
    ],
)
def test_the_right_word_is_offered_first(args: list[str], meant: str) -> None:
    """Before any list of all words; exit code 3."""
    done = CliRunner().invoke(frontsim, args, prog_name="frontsim")
    assert 3 == done.exit_code
    told = done.stderr.replace("\n", " ")
    assert f"did you mean {meant!r}?" in told
    assert "," not in told.partition("did you mean")[0].partition("Error: ")[2].replace(", got", "")
