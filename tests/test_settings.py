"""Every setting, declared once."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from frontsim.settings import Settings


def test_defaults_are_allowed():
    """The settings without any choice are the defaults, and each says what it is for."""
    for item in fields(Settings):
        assert item.default == getattr(Settings(), item.name)
        assert item.metadata["rule"].help.endswith(".")
    assert "Europe/Oslo" == Settings().zone.key


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("port", -1, "port: expected 0 to 65535, got -1"),
        ("port", 65536, "port: expected 0 to 65535, got 65536"),
        ("seed", -1, "seed: expected 0 to"),
        ("auth", "none", "auth: expected one of off, lenient, strict, got 'none'"),
        ("datetime_form", "iso", "datetime_form: expected one of guide, openapi"),
        ("concurrency", 0, "concurrency: expected 1 to 10000, got 0"),
        ("timeout", float("nan"), "timeout: expected 0.001 to 3600, got nan"),
        ("timeout", float("inf"), "timeout: expected 0.001 to 3600, got inf"),
        ("connect_timeout", 0, "connect_timeout: expected 0.001 to 3600, got 0"),
        ("max_waiting", 0, "max_waiting: expected 1 or more, got 0"),
        ("db", Path(), "db: expected a file such as frontsim.db (--ephemeral keeps none), got '.'"),
        ("db", Path("/"), "db: expected a file"),
        ("db", Path(":memory:"), "db: expected a file"),
        ("timezone", "", "timezone: expected a zone such as Europe/Oslo, got ''"),
        ("timezone", "/etc/passwd", "timezone: expected a zone"),
        ("event_id_header", "", "event_id_header: expected an HTTP header name"),
        ("webhook_id_header", "a b", "webhook_id_header: expected an HTTP header name"),
        ("event_header", "\xe6", "event_header: expected an HTTP header name"),
    ],
)
def test_values_that_cannot_be(name: str, value: Any, told: str):
    """The text names the setting, what it takes and what came."""
    with pytest.raises(ValueError, match=r".") as caught:
        Settings(**{name: value})
    assert str(caught.value).startswith(told)


@pytest.mark.parametrize(
    ("name", "value"), [("port", 0), ("port", 65535), ("seed", 2**63 - 1), ("timeout", 3600), ("concurrency", 1)]
)
def test_bounds_are_inclusive(name: str, value: Any):
    """The least and the most may be chosen."""
    assert value == getattr(Settings(**{name: value}), name)


@pytest.mark.parametrize(
    "wrong",
    [
        {"event_id_header": "Content-Length"},
        {"event_header": "content-type"},
        {"event_id_header": "X-A", "webhook_id_header": "x-a"},
        {"auth": "strict", "api_key": ""},
        {"auth": "strict", "subscription_key": ""},
    ],
)
def test_settings_that_could_not_work(wrong: dict[str, str]):
    """A header that HTTP needs itself, two of one name, and strict keys that no caller can show."""
    with pytest.raises(ValueError, match=next(iter(wrong))[:4]):
        Settings(**wrong)  # type: ignore[arg-type]
