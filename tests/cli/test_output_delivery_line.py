"""A delivery as a line."""

from frontsim.cli.output import delivery_line

RUN = {
    "webhookId": "w", "webhookEventId": "e", "event": "SaleCreated", "run": 2, "trigger": "Resend",
    "createdDateTime": "2021-12-09T08:50:46.02", "utc": "2021-12-09T07:50:46.020Z",
    "outcome": "answered", "status": "Not found", "statusCode": 404,
    "success": False, "durationMs": 12, "fault": "answer", "url": "http://me:secret@shop:8500/hook?code=secret",
}  # fmt: skip


def test_a_line_says_when_what_and_how_it_ended(user_zone):
    """The user's time, not the vendor's; of the URL, what is no secret; a first run needs no number."""
    user_zone("America/New_York")
    assert "02:50:46.020-05:00  e  SaleCreated  run 2  404 Not found  12 ms  [answer]  shop:8500/hook" == delivery_line(
        RUN
    )
    silent = {**RUN, "status": None, "statusCode": None, "durationMs": None, "fault": None, "outcome": "unknown"}
    assert "02:50:46.020-05:00  e  SaleCreated  unknown" == delivery_line({**silent, "run": 1, "url": None})


def test_what_a_receiver_says_is_printed_as_it_reads():
    """It moves no cursor; a long URL is cut."""
    line = delivery_line({**RUN, "status": "\x1b[2J", "url": "http://shop/" + "x" * 100})
    assert r"404 \x1b[2J" in line
    assert line.endswith("xxx…")
    assert len(line) < 140
