"""Strangers are kept out: no page that the user merely visits changes anything."""

import socket

import pytest

from frontsim.api.origin_guard import is_loopback
from tests.support.patience import PATIENCE_S
from tests.support.simulation import Simulation, assert_problem, simulation

WRITES = [
    ("POST", "/api/Webhooks"),
    ("PUT", "/api/Webhooks/0b3f6d5c-1c8e-4c55-9b0e-6a1f0c9d2e11"),
    ("DELETE", "/restapi/V2/api/Webhooks/0b3f6d5c-1c8e-4c55-9b0e-6a1f0c9d2e11"),
    ("POST", "/_sim/trigger"),
    ("POST", "/_sim/reset"),
    ("POST", "/_sim/faults"),
    ("DELETE", "/_sim/faults"),
    ("POST", "/_sim/clock"),
    ("POST", "/_sim/leases"),
    ("POST", "/_sim/sink/erp"),
]


@pytest.mark.parametrize(("method", "path"), WRITES)
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "http://["},
        {"Origin": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://127.0.0.1.evil.example"},
    ],
)
def test_a_page_of_another_site(sim: Simulation, method: str, path: str, headers: dict[str, str]):
    """It is refused with 403 before anything is done, as a form or a script sends it."""
    webhook = sim.subscribes("http://a.example")
    before = sim.state()
    refused = sim.http.request(
        method,
        f"{sim.server}{path}",
        content=b'{"event":"SaleCreated","url":"http://evil.example","fault":"refuse","advanceS":1}',
        headers={"Content-Type": "text/plain", **headers},
    )
    assert_problem(refused, 403)
    assert before == sim.state()
    assert webhook == sim.api("GET", "Webhooks").json()[0]["id"]


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
@pytest.mark.parametrize("path", ["/_sim/stats", "/_sim/faults", "/_sim/sink/erp", "/_sim/stream", "/api/Webhooks"])
def test_no_page_reads(sim: Simulation, method: str, path: str):
    """Neither payloads nor URLs go to a page of another site, whether or not it could look at the answer."""
    for headers in (
        {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
    ):
        answer = sim.http.request(method, f"{sim.server}{path}", headers=headers)
        assert 403 == answer.status_code
        assert [] == [name for name in answer.headers if name.startswith("access-control")]


def test_a_link_from_another_site(sim: Simulation):
    """The browser shows the answer to its user, and to no page; a form that a page sends is not a link."""
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert 200 == sim.sim("GET", "stats", headers=link).status_code
    assert 403 == sim.sim("POST", "reset", headers=link).status_code


def test_our_own_page(sim: Simulation):
    """A page that we served may do everything."""
    for headers in ({"Origin": sim.server}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}):
        assert 202 == sim.sim("POST", "trigger", {"event": "SaleCreated"}, headers=headers).status_code


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8400", "127.0.0.1.evil.example", "[", "user@localhost", "0.0.0.0"]
)
@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/api/Webhooks"), ("GET", "/_sim/stats"), ("POST", "/_sim/reset")]
)
def test_dns_rebinding(sim: Simulation, host: str, method: str, path: str):
    """On loopback a request to another name is refused: such a name resolves to 127.0.0.1 for a trick."""
    before = sim.state()
    refused = sim.http.request(method, f"{sim.server}{path}", headers={"Host": host, "Origin": f"http://{host}"})
    assert_problem(refused, 403)
    assert before == sim.state()


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:8400", "127.0.0.1", "127.9.9.9:1", "[::1]:8400", "frontsim.localhost"]
)
def test_names_of_loopback(sim: Simulation, host: str):
    """All of loopback's own names are taken."""
    assert 200 == sim.sim("GET", "health", headers={"Host": host}).status_code


@pytest.mark.parametrize(
    ("authority", "expected"),
    [
        ("", True),
        ("::1", False),
        ("[::1]", True),
        ("@localhost", False),
        ("localhost.", False),
        ("[::ffff:1.2.3.4]", False),
        (":80", False),
    ],
)
def test_loopback_authorities(authority: str, expected: bool):
    """HTTP/1.0 has no Host; what cannot be read is not loopback."""
    assert expected == is_loopback(authority)


def test_http_1_0(sim: Simulation):
    """A caller without Host is served."""
    with socket.create_connection(("127.0.0.1", sim.port), timeout=PATIENCE_S) as link:
        link.sendall(b"GET /_sim/health HTTP/1.0\r\n\r\n")
        assert b" 200 " in link.recv(65536).split(b"\r\n")[0]


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_names_that_are_allowed(host: str):
    """`--allow-host` adds names, on loopback too; any other name is refused with what to do."""
    with simulation(host=host, allow_host=("Frontsim.internal", "shop")) as sim:
        url = f"http://127.0.0.1:{sim.port}/_sim"
        for name in ("frontsim.internal:8400", "FRONTSIM.internal", "shop:1"):
            assert 200 == sim.http.get(f"{url}/health", headers={"Host": name}).status_code
            foreign = sim.http.post(f"{url}/reset", headers={"Host": name, "Origin": "http://evil.example"})
            assert 403 == foreign.status_code
        refused = sim.http.get(f"{url}/health", headers={"Host": "other.internal:8400"})
        assert_problem(refused, 403)
        assert "--allow-host other.internal," in refused.json()["detail"]


@pytest.mark.parametrize("token", ["", "s3cret"])
@pytest.mark.parametrize(("method", "path"), [*WRITES, ("GET", "/api/Webhooks"), ("GET", "/_sim/faults")])
def test_a_rebound_name(token: str, method: str, path: str):
    """A token does not make another name ours: a rebound page looks like one of our own to the browser."""
    with simulation(host="0.0.0.0", token=token) as sim:
        own = {"Host": "evil.example", "Origin": "http://evil.example", "Sec-Fetch-Site": "same-origin"}
        refused = sim.http.request(method, f"http://127.0.0.1:{sim.port}{path}", headers=own)
        assert_problem(refused, 403)


def test_a_token_and_a_browser():
    """With --token a browser needs it for the vendor's API as well; a program has the vendor's keys."""
    with simulation(host="0.0.0.0", token="s3cret") as sim:
        url = f"http://127.0.0.1:{sim.port}/api/Webhooks"
        body = {"event": "SaleCreated", "url": "http://a.example"}
        own = {"x-api-key": "k", "Origin": f"http://127.0.0.1:{sim.port}", "Sec-Fetch-Site": "same-origin"}
        assert_problem(sim.http.post(url, json=body, headers=own), 401)
        assert_problem(sim.http.get(url, headers=own), 401)
        assert 200 == sim.http.post(url, json=body, headers={**own, "Authorization": "Bearer s3cret"}).status_code
        assert 200 == sim.http.post(url, json=body, headers={"x-api-key": "k"}).status_code


def test_a_token():
    """With --token each control call wants it; the vendor's API has its own keys."""
    with simulation(token="s3cret") as sim:
        for given in (None, "", "Bearer", "Bearer wrong", "Basic s3cret", "s3cret"):
            headers = {} if given is None else {"Authorization": given}
            for method, path in (("GET", "stats"), ("POST", "reset"), ("GET", "stream"), ("GET", "nope")):
                refused = sim.sim(method, path, headers=headers)
                assert_problem(refused, 401)
                assert "Bearer" == refused.headers["www-authenticate"]
        for given in ("Bearer s3cret", "bearer s3cret", "BEARER  s3cret"):
            assert 200 == sim.sim("GET", "stats", headers={"Authorization": given}).status_code
        assert 200 == sim.api("GET", "Webhooks").status_code


@pytest.mark.parametrize(
    "path",
    [
        "/_sim/stats",
        "/_SIM/stats",
        "//_sim/stats",
        "/_sim//stats",
        "/%5fsim/stats",
        "/_sim/stats/",
        "/api/../_sim/stats",
    ],
)
def test_no_way_around_the_token(path: str):
    """However the path is written, no counter is told without the token."""
    with (
        simulation(token="s3cret") as sim,
        socket.create_connection(("127.0.0.1", sim.port), timeout=PATIENCE_S) as link,
    ):
        link.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        assert b"occurrences" not in b"".join(iter(lambda: link.recv(65536), b""))


@pytest.mark.parametrize(
    ("host", "headers", "status"),
    [
        ("evil.example", {"Origin": "http://evil.example", "Sec-Fetch-Site": "same-origin"}, 403),
        ("evil.example", {"Sec-Fetch-Site": "same-origin"}, 403),
        ("evil.example", {}, 403),
        ("192.0.2.7", {"Origin": "http://192.0.2.7"}, 200),  # only names can be rebound
        ("0.0.0.0", {}, 403),
        (socket.gethostname(), {}, 200),
        ("localhost", {"Origin": "http://localhost"}, 200),
    ],
)
def test_a_rebound_name_while_listening_for_all(host: str, headers: dict[str, str], status: int):
    """A page that reached us by its own name may not change anything, though it looks like one of ours."""
    with simulation(host="0.0.0.0") as sim:
        url = sim.server.replace("0.0.0.0", "127.0.0.1")
        assert status == sim.http.post(f"{url}/_sim/reset", headers={"Host": host, **headers}).status_code
