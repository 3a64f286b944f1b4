"""Tools that know only `/openapi.json`: no 5xx, no answer that is not as described, and a generated client that works.

The tools have an environment of their own, as those of a release, because their dependencies are not ours.
"""

import subprocess
import venv
from pathlib import Path

import pytest

from frontsim import bundled
from tests.neighbours.shopping import NOWHERE, Shopping, shopping

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("openapi-tools")]

TOOLS = ("schemathesis>=4.32,<5", "openapi-python-client>=0.29,<0.30")
CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance",
    "response_headers_conformance",
)  # fmt: skip
KEYS = ("-H", "x-api-key: k", "-H", "Ocp-Apim-Subscription-Key: k")

CLIENT = """
import importlib, pkgutil, sys, uuid
import shop_client.api
from shop_client import Client
from shop_client.api.events import list_webhook_events
from shop_client.api.shop import (
    add_sale, adjust_stock, create_reservation, get_product_by_gtin, list_customers, list_stock_quantities, list_stores,
    release_reservation, save_customer,
)
from shop_client.api.webhooks import create_webhook, delete_webhook, get_webhook
from shop_client import models as m

for each in pkgutil.walk_packages(shop_client.api.__path__, "shop_client.api."):
    importlib.import_module(each.name)

base_url, url = sys.argv[1:]
keys = {"x-api-key": "k", "Ocp-Apim-Subscription-Key": "k"}
client = Client(base_url=base_url, headers=keys, raise_on_unexpected_status=True)
webhook = create_webhook.sync(client=client, body=m.NewWebhook(event="SaleExternalCreated", url=url))
store = list_stores.sync(client=client)[0]
row = next(
    row for row in list_stock_quantities.sync(client=client, body=m.ShopStockCountFilter(use_gtin=True))
    if row.stock_id == store.stock_id and row.quantity > 2
)
product = get_product_by_gtin.sync(row.id, client=client)
assert row.id in [size.gtin for size in product.product_sizes]
line = m.ShopWebSalesLine(identity=row.id, qty=1.0, stock_id=row.stock_id)
sale = m.ShopWebsale(sale_guid=uuid.uuid4(), customer_id=0, sales_lines=[line])
sale_id = add_sale.sync(client=client, body=sale, x_store_id=store.store_id)
assert sale_id == add_sale.sync(client=client, body=sale)
logged = list_webhook_events.sync(webhook.id, client=client, from_="2000-01-01", to="2100-01-01", include_payload=True)
assert [sale_id] == [event.payload["saleId"] for event in logged], logged
item = m.ShopStockreservationItem(gtin=row.id, qty=1.0)
request = m.ShopStockreservationRequest(stock_id=row.stock_id, items=[item])
[held] = create_reservation.sync(client=client, body=request)
assert 204 == release_reservation.sync_detailed(str(held.id), client=client).status_code
count = m.ShopStockCountDto(stock_id=row.stock_id, items=[m.ShopStockCountItem(gtin=row.id, quantity=7)])
adjust_stock.sync(client=client, body=count)
unknown = m.ShopStockCountDto(stock_id=1, items=[m.ShopStockCountItem(gtin=row.id, quantity=7)])
refused = adjust_stock.sync_detailed(client=client, body=unknown)
assert (400, m.ProblemDetails) == (refused.status_code, type(refused.parsed)), refused
customer = save_customer.sync(client=client, body=m.ShopCustomer(last_name="Berg", email="berg@shop.example"))
[known] = list_customers.sync(client=client, body=m.ShopCustomerFilter(email_contains="berg@"))
assert (customer, "Berg") == (known.customerid, known.last_name)
delete_webhook.sync_detailed(webhook.id, client=client)
gone = get_webhook.sync_detailed(webhook.id, client=client)
assert (404, m.ProblemDetails) == (gone.status_code, type(gone.parsed)), gone
keyless = list_stores.sync_detailed(client=Client(base_url=base_url))
assert (401, m.ProblemDetails) == (keyless.status_code, type(keyless.parsed)), keyless
print("done")
"""


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment that has the tools."""
    folder = tmp_path_factory.mktemp("openapi-tools")
    venv.create(folder, with_pip=True)
    run(folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *TOOLS)
    return folder / "bin"


def run(*command: object, **more: object) -> str:
    done = subprocess.run([str(each) for each in command], capture_output=True, text=True, timeout=900, **more)  # type: ignore[call-overload]
    assert done.returncode == 0, f"{done.stdout[-8_000:]}\n{done.stderr[-4_000:]}"
    stdout: str = done.stdout
    return stdout


@pytest.mark.parametrize("payloads", ["typical", "adversarial"])
def test_requests_that_the_document_allows_and_others_are_answered_as_it_says(tools: Path, payloads: str) -> None:
    """On a shop that has had each event: examples, edges, random calls, and calls that follow from each other."""
    with shopping(payloads=payloads) as shop:
        full(shop)
        options = ("--max-examples", 10, "--seed", 7, "--generation-database", "none", "--workers", 2, "--no-color")
        url = ("--url", shop.sim.base_url, "--checks", ",".join(CHECKS))
        said = run(tools / "schemathesis", "run", f"{origin(shop)}/openapi.json", *url, *KEYS, *options)
        assert "51/51" in said
        shop.sim.sim("GET", "health").raise_for_status()


def test_a_generated_client_works(tools: Path, tmp_path: Path) -> None:
    """It has every operation, and reads, writes, subscribes and is refused with the types of the document."""
    document = bundled.folder("contracts") / "openapi.json"
    made = ("--path", document, "--output-path", tmp_path / "shop_client", "--meta", "none", "--fail-on-warning")
    (tmp_path / "config.yml").write_text("post_hooks: []\n")
    run(tools / "openapi-python-client", "generate", *made, "--config", tmp_path / "config.yml")
    assert 51 == len(list((tmp_path / "shop_client" / "api").glob("*/[a-z]*.py")))
    script = tmp_path / "integration.py"
    script.write_text(CLIENT)
    with shopping() as shop:
        assert "done\n" == run(tools / "python", script, shop.sim.base_url, NOWHERE)


def full(shop: Shopping) -> None:
    for name in shop.types:
        shop.sim.does("trigger", {"event": name, "count": 10})


def origin(shop: Shopping) -> str:
    return shop.sim.base_url.removesuffix("/restapi/V2")
