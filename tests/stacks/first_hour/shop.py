"""A Flask receiver on SQLite, as a team writes it in an hour: `python shop.py PORT BOOKS` in its database's folder."""

import json
import sqlite3
import sys

from flask import Flask, Response, request

port, books = int(sys.argv[1]), sys.argv[2]
key = {"sale_id": "sale_id INTEGER UNIQUE", "naive": "event_id TEXT"}.get(books, "event_id TEXT UNIQUE")
with sqlite3.connect("shop.db") as made:
    made.execute(f"CREATE TABLE bookings ({key}, type TEXT, doc TEXT)")

app = Flask(__name__)


@app.post("/hook")
def hook() -> Response:
    if books.isdigit():
        return Response("<h1>Error</h1>", int(books))
    payload = request.get_json()
    kind, event_id = request.headers["X-Webhook-Event"], request.headers["X-Webhook-Event-Id"]
    if kind != "SaleCreated" and books in ("sale_id", "one-type"):
        return Response("not ours", 200)
    value = payload["saleId"] if books == "sale_id" else event_id
    doc = json.dumps(payload) if books == "json" else None
    with sqlite3.connect("shop.db", timeout=30) as database:
        database.execute("INSERT OR IGNORE INTO bookings VALUES (?, ?, ?)", (value, kind, doc))
    return Response("<html><body>ok</body></html>", 200, mimetype="text/html")


app.run("127.0.0.1", port, threaded=True)
