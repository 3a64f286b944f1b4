"""Named shapes, and shapes of the user's own."""

from pathlib import Path

import orjson
import pytest

from frontsim.domain.delivery_request import SHAPES, Part, read_delivery_shape
from frontsim.errors import Unusable
from tests.domain.test_delivery_request import EVENT_ID, OSLO, delivery


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "shape.toml"


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("bare", {"saleId": 1}),
        ("typed", {"type": "SaleCreated", "id": EVENT_ID, "saleId": 1}),
        ("event", {"event": "SaleCreated", "saleId": 1}),
        ("envelope", {"event": "SaleCreated", "id": EVENT_ID, "data": {"saleId": 1}}),
    ],
)
def test_named_shapes(name: str, body: object):
    """Each, as the documentation shows it."""
    assert name in SHAPES
    assert body == orjson.loads(read_delivery_shape(name).body(delivery(), OSLO))


def test_a_file(file: Path):
    """Fields and headers."""
    file.write_text('[fields]\nkind = "event"\n[headers]\nAuthorization = "Bearer secret"\n')
    shape = read_delivery_shape(str(file))
    assert ({"kind": "event"}, {"Authorization": "Bearer secret"}) == (shape.fields, shape.headers)


def test_a_file_with_an_envelope(file: Path):
    """A table is the template."""
    file.write_text('[envelope]\nkind = "{event}"\n[envelope.inner]\ndata = "{payload}"\n')
    shape = read_delivery_shape(str(file))
    assert (b'{"kind":', Part("event"), b',"inner":{"data":', Part("payload"), b"}}") == shape.envelope


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[", "expected TOML, got"),
        ("[field]", "field: expected one of fields, envelope, headers, got the name 'field'"),
        ('[fields]\ntype = "name"', "fields.type: expected one of event, webhookEventId, "),
        ("fields = 1", "fields: expected an object, got 1"),
        ('[envelope]\na = "{name}"', "envelope: expected one of {payload}, {event}, "),
        ('[envelope]\na = "{name}"', "got {name}"),
        ('[fields]\ntype = "event"\n[envelope]\na = "b"', "expected [fields] or [envelope], got both"),
        ('[headers]\n"a b" = "c"', "headers.a b: expected an HTTP header that is free"),
        ('[headers]\nContent-length = "c"', "headers.Content-length: expected an HTTP header that is free"),
        ('[headers]\na = "s3cret\\r\\nX: y"', "headers.a: expected a printable ASCII text"),
        ("[headers]\na = 1", "headers.a: expected a printable ASCII text"),
    ],
)
def test_a_wrong_file_is_refused(file: Path, text: str, told: str):
    """The text names the file and the key, and quotes no value of a header."""
    file.write_text(text)
    with pytest.raises(Unusable) as refused:
        read_delivery_shape(str(file))
    assert str(refused.value).startswith(f"{file}: ")
    assert told in str(refused.value)
    assert "s3cret" not in str(refused.value)


def test_an_unknown_name_is_refused():
    """The text lists the names."""
    with pytest.raises(Unusable, match=r"got 'tiped' .did you mean 'typed'"):
        read_delivery_shape("tiped")


def test_a_file_may_be_json(tmp_path: Path):
    """With the same keys, and the same shape comes of it."""
    file = tmp_path / "shape.JSON"
    file.write_text('{"envelope": {"kind": "{event}", "data": "{payload}"}, "headers": {"X-A": "1"}}')
    shape = read_delivery_shape(str(file))
    assert (b'{"kind":', Part("event"), b',"data":', Part("payload"), b"}") == shape.envelope
    assert {"X-A": "1"} == shape.headers


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "expected JSON"),
        ("[]", "expected an object with fields or envelope, and headers"),
        ('{"fields": {"a": "odd"}}', "fields.a: expected one of event"),
    ],
)
def test_a_json_file_that_is_no_shape_is_refused(tmp_path: Path, text: str, told: str):
    file = tmp_path / "shape.json"
    file.write_text(text)
    with pytest.raises(Unusable, match=told):
        read_delivery_shape(str(file))
