"""One logged event as lines."""

import pytest

from frontsim.cli.commands.webhooks import show_entry
from frontsim.client.models import EventEntry

RUN = {"run": 1, "createdDateTime": "2021-12-09T08:50:46", "trigger": "Original", "statusCode": 404}
ENTRY = EventEntry.read({"webhookEventId": "e", "statusCode": 404, "runs": [RUN, {}], "payload": {"name": "Åse"}})


@pytest.mark.parametrize(
    ("payload", "runs", "lines"),
    [
        (False, False, ["e  -  404"]),
        (
            False,
            True,
            ["e  -  404", "  run 1  2021-12-09T08:50:46  Original  404", "  run -  -  -  no status"],
        ),
        (True, False, ["e  -  404", '{"name":"Åse"}']),
    ],
)
def test_what_was_asked_for_is_shown(capsys: pytest.CaptureFixture[str], payload: bool, runs: bool, lines: list[str]):
    """A line, then one a run, then the payload; what the vendor left out is a dash."""
    show_entry(ENTRY, payload=payload, runs=runs)
    assert lines == capsys.readouterr().out.splitlines()
