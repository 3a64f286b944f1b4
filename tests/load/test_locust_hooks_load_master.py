"""The tab of Locust's page, and what stands below every tab, in a separate process."""

import subprocess
import sys

import pytest

SCRIPT = """
from frontsim.load.locust_hooks import add_tab
from types import SimpleNamespace
from flask import Flask, jsonify
from frontsim.load.live import SoFar, live_page

app = Flask("locust")
app.add_url_rule("/", "index", lambda: "<html><body>locust</body></html>")
app.add_url_rule("/stats/requests", "stats", lambda: jsonify({"stats": []}))
app.add_url_rule("/other", "other", lambda: "<body></body>")
web_ui = SimpleNamespace(app=app, template_args={})
page = lambda: live_page([SoFar(duplicated=3)])
add_tab(web_ui, rows=lambda: [{"duplicated": 3}], page=page, report=lambda: b"the report")
client = app.test_client()
assert ["frontsim"] == [tab["key"] for tab in web_ui.template_args["extended_tabs"]]
assert '<iframe src="/frontsim/live"' in client.get("/").text
assert "3 duplicated" in client.get("/frontsim/live").text
assert "the report" == client.get("/frontsim/report").text
rows = [{"key": "frontsim", "data": [{"duplicated": 3}]}]
assert {"stats": [], "extended_stats": rows} == client.get("/stats/requests").json
assert "<body></body>" == client.get("/other").text
"""


@pytest.mark.slow
def test_the_page_gets_a_tab_its_rows_and_the_view_below() -> None:
    """Other answers are as they were."""
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stderr
