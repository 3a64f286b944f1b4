"""The tab of Locust's page that shows what is lost and duplicated so far."""

from flask import Response, request
from locust.web import WebUI

from frontsim.load.live import COLUMNS, TAB, Watch


def add_tab(web_ui: WebUI, watch: Watch) -> None:
    """Give the page a tab; its rows come with the statistics that the page polls anyway."""
    web_ui.template_args |= {
        "extended_tabs": [TAB],
        "extended_tables": [{"key": TAB["key"], "structure": COLUMNS}],
    }

    app = web_ui.app
    assert app is not None

    def with_ours(response: Response) -> Response:
        if request.path.endswith("/stats/requests") and response.is_json:
            rows = {"key": TAB["key"], "data": watch.rows()}
            response.set_data(app.json.dumps({**response.get_json(), "extended_stats": [rows]}))
        return response

    app.after_request(with_ours)
