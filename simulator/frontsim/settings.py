"""Every setting of a simulator, declared once: the CLI's options, the environment and the docs come from here.

A flag wins over the environment, the environment over the configuration file, the file over the default. A setting's
variable is its name in upper case behind `FRONTSIM_`. Where the vendor leaves something open, and a user may know more,
it is a setting.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

ENVIRONMENT_PREFIX = "FRONTSIM_"


@dataclass(frozen=True, slots=True)
class SettingRule:
    """A setting's meaning and the values that it takes; bounds are inclusive.

    `of_delivery`: it says how a delivery looks or is sent, so `verify`, pytest and Locust take it as `serve` does.
    """

    help: str
    least: float = -math.inf
    most: float = math.inf
    choices: Sequence[str] = ()
    of_delivery: bool = False
    or_file: bool = False
    """Beside the choices it takes a file."""


def setting(default: Any, help_text: str, **limits: Any) -> Any:
    """A field of `Settings` with its rule."""
    return field(default=default, metadata={"rule": SettingRule(help_text, **limits)})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How one simulator behaves. Times are seconds, sizes bytes.

    Raises:
        ValueError: a value is outside its rule; the text names the setting, what it takes and what came.
    """

    host: str = setting("127.0.0.1", "Address to listen on.")
    allow_host: tuple[str, ...] = setting(
        (),
        "Another name that callers may use for this machine, in the Host header. Repeatable. Loopback always works; "
        "if --host listens for other machines, so do this machine's name and every address. The page's verify may also "
        "read effects from that host.",
    )
    port: int = setting(8400, "Port to listen on; 0 picks a free one and prints it.", least=0, most=65535)
    db: Path = setting(Path("frontsim.db"), "The file that holds the log.")
    ephemeral: bool = setting(False, "Keep the log in a temporary file, deleted when the simulator stops.")
    auth: str = setting(
        "lenient",
        "Keys required on the vendor's API: none, any x-api-key, or both keys right.",
        choices=("off", "lenient", "strict"),
    )
    api_key: str = setting("frontsm.0123456789abcdefghijklmnopqrstuv", "The x-api-key that strict auth takes.")
    subscription_key: str = setting(
        "0123456789abcdef0123456789abcdef", "The Ocp-Apim-Subscription-Key that strict auth takes."
    )
    token: str = setting("", "Bearer token required on every /_sim call, and on every call of a browser.")
    sink_token: str = setting(
        "",
        "Bearer token required on every call of a sink. Without it, one on loopback needs none, even with --token.",
    )
    seed: int = setting(1, "Seed of everything that is random.", least=0, most=2**63 - 1)
    payloads: str = setting(
        "typical",
        "Payloads: strict (every field present, none null, plain text), typical, or adversarial (null and hostile "
        "text wherever the schema allows it). Or the file of a record: real bodies under fresh ids.",
        choices=("strict", "typical", "adversarial"),
        of_delivery=True,
        or_file=True,
    )
    country: str = setting(
        "", "Country of all customers and stores, by its two letters: any that Faker has names of. By default three."
    )
    contracts: Path | None = setting(None, "A folder with your own event types and schemas.")
    timezone: str = setting("Europe/Oslo", "The vendor's local zone: its date-times carry none.", of_delivery=True)
    datetime_form: str = setting(
        "guide",
        "Date-times as in the guide and in live data (2021-12-09T08:50:46.02), or as in the OpenAPI export.",
        choices=("guide", "openapi"),
        of_delivery=True,
    )
    concurrency: int = setting(
        16, "Deliveries in flight at once to one destination (scheme, host and port).", least=1, most=10_000
    )
    connect_timeout: float = setting(5.0, "Seconds to wait for a connection.", least=0.001, most=3600)
    timeout: float = setting(30.0, "Seconds to wait for the whole answer to a delivery.", least=0.001, most=3600)
    tls_verify: bool = setting(True, "Check a receiver's certificate.", of_delivery=True)
    tls_ca: Path | None = setting(
        None, "A PEM file of certificate authorities to trust in addition to the system's.", of_delivery=True
    )
    event_id_header: str = setting(
        "X-Webhook-Event-Id", "Header of a delivery that carries the event's id.", of_delivery=True
    )
    webhook_id_header: str = setting(
        "X-Webhook-Id", "Header of a delivery that carries the webhook's id.", of_delivery=True
    )
    event_header: str = setting(
        "X-Webhook-Event", "Header of a delivery that carries the event type.", of_delivery=True
    )
    delivery_shape: str = setting(
        "bare",
        "Shape of a delivery's body: bare (the payload), typed (type and id added), event (event added), envelope "
        "(event, id, data), or a TOML or JSON file.",
        of_delivery=True,
    )
    max_waiting: int = setting(1_000_000, "Events that may wait to be sent before /_sim/trigger answers 503.", least=1)

    def __post_init__(self) -> None:
        for item in fields(self):
            _check(item.name, getattr(self, item.name), item.metadata["rule"])
        if not self.db.name or str(self.db) == ":memory:":
            raise ValueError(f"db: expected a file such as frontsim.db (--ephemeral keeps none), got {str(self.db)!r}")
        for name in self.allow_host:
            if not _HOST_NAME.fullmatch(name):
                raise ValueError(f"allow_host: expected a name without a port such as frontsim.internal, got {name!r}")
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"timezone: expected a zone such as Europe/Oslo, got {self.timezone!r}") from None
        if not re.fullmatch(r"([A-Za-z]{2})?", self.country):
            raise ValueError(f"country: expected two letters such as DE, got {self.country!r}")
        headers: dict[str, str] = {}
        for name in ("event_id_header", "webhook_id_header", "event_header"):
            header = getattr(self, name)
            if header.lower() in headers or header.lower() in _TAKEN_HEADERS:
                taken = headers.get(header.lower(), "HTTP itself")
                raise ValueError(f"{name}: expected a header of its own; {taken} uses {header!r}")
            headers[header.lower()] = name
            if not HTTP_TOKEN.fullmatch(header):
                raise ValueError(f"{name}: expected an HTTP header name such as X-Webhook-Id, got {header!r}")

        if self.auth == "strict" and not (self.api_key and self.subscription_key):
            raise ValueError("auth: expected an api_key and a subscription_key that are not empty, with strict")

    @property
    def zone(self) -> ZoneInfo:
        """The vendor's local zone."""
        return ZoneInfo(self.timezone)


HTTP_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
"""HTTP takes this as a header's name."""


def of_delivery() -> list[Field[Any]]:
    """The settings that say how a delivery looks or is sent."""
    return [item for item in fields(Settings) if item.metadata["rule"].of_delivery]


_HOST_NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?")

_TAKEN_HEADERS = frozenset(
    {
        "authorization", "connection", "content-encoding", "content-length", "content-type", "expect", "host",
        "keep-alive", "te", "trailer", "transfer-encoding", "upgrade",
    }
)  # fmt: skip
"""Headers that say how a delivery is to be read, in lower case."""


def _check(name: str, value: object, rule: SettingRule) -> None:
    if rule.choices and value not in rule.choices and not (rule.or_file and Path(str(value)).is_file()):
        more = ", or a file that is there" if rule.or_file else ""
        raise ValueError(f"{name}: expected one of {', '.join(rule.choices)}{more}, got {value!r}")
    if isinstance(value, int | float) and not rule.least <= value <= rule.most:
        bounds = (
            f"{_plain(rule.least)} or more" if rule.most == math.inf else f"{_plain(rule.least)} to {_plain(rule.most)}"
        )
        raise ValueError(f"{name}: expected {bounds}, got {value}")


def _plain(bound: float) -> str:
    return str(int(bound)) if bound == int(bound) else str(bound)
