"""The tab of Locust's page that shows what is lost and duplicated so far."""

from flask import Response, request
from locust.web import WebUI

from frontsim.load.master.live import COLUMNS, TAB, LiveView


def add_tab(web_ui: WebUI, live: LiveView) -> None:
    """Add the tab. Its rows travel with the statistics that the page polls anyway."""
    web_ui.template_args |= {
        "extended_tabs": [TAB],
        "extended_tables": [{"key": TAB["key"], "structure": COLUMNS}],
    }

    app = web_ui.app
    assert app is not None

    def add_rows(response: Response) -> Response:
        if request.path.endswith("/stats/requests") and response.is_json:
            rows = {"key": TAB["key"], "data": live.rows()}
            response.set_data(app.json.dumps({**response.get_json(), "extended_stats": [rows]}))
        return response

    app.after_request(add_rows)
