"""The tab of Locust's page that shows what is lost and duplicated so far."""

from flask import Response, request
from live import COLUMNS, TAB, Watch
from locust.web import WebUI


def add_tab(web_ui: WebUI, watch: Watch) -> None:
    """Give the page a tab; its rows come with the statistics that the page polls anyway."""
    web_ui.template_args |= {
        "extended_tabs": [TAB],
        "extended_tables": [{"key": TAB["key"], "structure": COLUMNS}],
    }

    @web_ui.app.after_request
    def with_ours(response: Response) -> Response:
        if request.path.endswith("/stats/requests") and response.is_json:
            rows = {"key": TAB["key"], "data": watch.rows()}
            response.set_data(web_ui.app.json.dumps({**response.json, "extended_stats": [rows]}))
        return response
