"""A right receiver, as a process: once its ERP was away, it ends at the first event after the ERP is back.

So do receivers that find only then that a connection of theirs is dead. Arguments: its port, and the ERP's.
"""

import http.client
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class LateEnder(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    erp = ("127.0.0.1", int(sys.argv[2]))
    was_away = False

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        if LateEnder.was_away and self.is_back():
            os._exit(1)
        self.send_response(200 if self.books() else 503)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def is_back(self) -> bool:
        return self.asks("GET", "/effects") == 200

    def books(self) -> bool:
        booked = self.asks("POST", "/orders", b"{}") == 200
        LateEnder.was_away = LateEnder.was_away or not booked
        return booked

    def asks(self, method: str, path: str, body: bytes | None = None) -> int | None:
        """The ERP's status; None if it does not answer."""
        connection = http.client.HTTPConnection(*self.erp, timeout=5)
        names = ("X-Webhook-Event-Id", "X-Webhook-Event")
        try:
            connection.request(method, path, body, {name: self.headers[name] for name in names})
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()
        return answer.status

    def log_message(self, *_: object) -> None:
        """Nothing."""


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), LateEnder).serve_forever()
