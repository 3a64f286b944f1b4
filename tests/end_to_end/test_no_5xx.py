"""Nothing that a request can hold makes the server fail."""

import json
import string
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from frontsim.domain.faults import FAULTS
from tests.support.simulation import UNKNOWN_ID, Simulation

NAMES = st.sampled_from(
    [
        "event", "url", "storeId", "id", "count", "set", "payload", "invalid", "what", "timeoutS", "advanceS", "now",
        "fault", "match", "times", "probability", "params", "webhookId", "trigger", "run", "operation", "from", "to",
        "status", "seconds", "behind", "copies", "apart", "fraction", "bytes", "ttlS", "mix", "resend", "outcomes",
        "webhookEventId", "outcome", "statusCode", "durationMs"
    ]
)  # fmt: skip
WORDS = st.sampled_from(
    ["SaleCreated", "salecreated", "sale", "http://127.0.0.1:1/", "Original", "Resend", "2021-12-01", "simultaneous",
     UNKNOWN_ID, "answered", "not sent", "unknown", *FAULTS]
)  # fmt: skip
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 300),
    st.sampled_from([2**31, -(2**63), 2**64, 10**30]),
    st.floats(),
    st.text(max_size=20),
    WORDS,
    st.sampled_from([0, 1, 2, 500]),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.one_of(NAMES, st.text(max_size=8)), inner, max_size=5)
    ),
    max_leaves=12,
)
BODIES = st.one_of(st.dictionaries(NAMES, VALUES, max_size=6), VALUES, st.binary(max_size=40))
PATHS = st.one_of(
    st.sampled_from(
        [
            "/api/Webhooks", "/api/Webhooks/{webhook}", "/api/WebhooksTypes", "/api/WebhooksTypes/SaleCreated/schema",
            "/api/WebhooksEvents/{webhook}", "/api/WebhooksEvents/{webhook}/{event}",
            "/api/WebhooksEvents/{webhook}/deliver/{event}", f"/api/Webhooks/{UNKNOWN_ID}", "/_sim/trigger",
            "/_sim/simulate", "/_sim/faults", "/_sim/faults/1", "/_sim/clock", "/_sim/leases", "/_sim/leases/1",
            "/_sim/sink/a", "/_sim/stats", "/_sim/health",
        ]
    ),
    st.text(string.printable + "æ€\x00", max_size=20).map("/api/".__add__),
)  # fmt: skip
QUERIES = st.dictionaries(
    st.sampled_from(["from", "to", "success", "statuses", "includePayload", "subscription-key", "x"]),
    st.one_of(
        st.text(max_size=30),
        st.sampled_from(["2021-12-01", "true", "['OK']", "9999-12-31T23:59:59-12:00", "0001-01-01"]),
    ),
    max_size=4,
)
HEADERS = st.dictionaries(
    st.sampled_from(
        ["Origin", "Host", "Content-Type", "Last-Event-ID", "x-api-key", "Authorization", "Sec-Fetch-Site"]
    ),
    st.text(st.characters(min_codepoint=33, max_codepoint=255, exclude_characters="\x7f\x80\x85\xa0"), max_size=20)
    .map(lambda text: text.encode("latin-1")),
    max_size=2,
)  # fmt: skip


@pytest.mark.long
@pytest.mark.slow
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE"]), path=PATHS, query=QUERIES, body=BODIES, headers=HEADERS
)
@settings(
    max_examples=300,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_no_request_makes_a_5xx(
    shared_sim: Simulation, method: str, path: str, query: dict[str, str], body: Any, headers: dict[str, bytes]
):
    """Whatever a request holds, the answer is not the server's failure, and the server goes on."""
    shared_sim.does("reset")
    if "{" in path:
        path = path.replace("{webhook}", shared_sim.subscribes("http://127.0.0.1:1/"))
        path = path.replace("{event}", *shared_sim.raises())
    url = httpx.URL(shared_sim.server).copy_with(raw_path=quote(path).encode())
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = shared_sim.http.request(method, url, params=query, content=content, headers=headers)
    assert 500 > answer.status_code, answer.text
