"""The tab of Locust's page that shows what is lost and duplicated so far."""

from flask import Response, request
from locust.web import WebUI

from frontsim.load.master.live import COLUMNS, TAB, LiveView
from frontsim.load.master.live_page import live_page

_PATH = "/frontsim/live"
_STYLE = "position:sticky;bottom:0;z-index:9;width:100%;height:9.5rem;border:0"
_BELOW = f'<iframe src="{_PATH}" title="Lost and duplicated" style="{_STYLE}"></iframe>'


def add_tab(web_ui: WebUI, live: LiveView) -> None:
    """Add the tab, and below every tab what is red in it: Locust's tables have neither colours nor charts.

    The tab's rows travel with the statistics that the page polls anyway.
    """
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
        elif request.path == "/" and response.mimetype == "text/html":
            response.set_data(response.get_data(as_text=True).replace("</body>", f"{_BELOW}</body>"))
        return response

    app.add_url_rule(_PATH, _PATH, lambda: live_page(list(live.looks)))

    app.after_request(add_rows)
