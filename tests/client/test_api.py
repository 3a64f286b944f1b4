"""What the clients of both APIs share."""

import httpx
import pytest

from frontsim.client.api import ApiClient, path_part
from frontsim.client.http import HttpApi
from frontsim.client.vendor import FrontSystems
from frontsim.errors import BadInput
from tests.asked import Recorder


def front(record: Recorder) -> FrontSystems:
    url = "http://shop.example/restapi/V2"
    return FrontSystems(url, api_key="k", subscription_key="s", transport=httpx.MockTransport(record))


@pytest.mark.parametrize("given", ["", " ", ".", "..", "\udcff"])
def test_an_id_that_would_be_another_call(given: str) -> None:
    """DELETE Webhooks/.. is not a call that anybody meant."""
    record = Recorder()
    with pytest.raises(BadInput, match="expected an id"):
        front(record).delete_webhook(given)
    assert [] == record.lines


def test_an_id_stays_one_part_of_the_path() -> None:
    """Whatever an id holds, it is percent-encoded."""
    record = Recorder()
    front(record).delete_webhook("a/../b?c=æ")
    assert ["DELETE /restapi/V2/api/Webhooks/a%2F..%2Fb%3Fc%3D%C3%A6"] == record.lines


@pytest.mark.parametrize(("given", "part"), [("a/b", "a%2Fb"), ("..a", "..a"), (" a", "%20a"), ("æ?", "%C3%A6%3F")])
def test_a_part_of_a_path(given: str, part: str) -> None:
    """Nothing in an id separates, asks or leads upwards; what is harmless stays as it is."""
    assert part == path_part(given)


def test_connections_end_with_the_client() -> None:
    """As a context manager a client closes its exchange."""
    exchange = HttpApi("http://shop.example", headers={}, timeout_s=1, transport=httpx.MockTransport(Recorder({})))
    with ApiClient(exchange):
        exchange.call("GET", "/")
    with pytest.raises(RuntimeError, match="closed"):
        exchange.call("GET", "/")
