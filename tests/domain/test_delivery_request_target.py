"""A URL is taken apart, and leaves as the user wrote it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontsim.domain.delivery_request import parse_target
from frontsim.errors import BadInput


@pytest.mark.parametrize(
    ("url", "tls", "host", "port", "origin", "opening"),
    [
        (
            "https://shop.example/hooks?token=abc",
            True,
            "shop.example",
            443,
            "https://shop.example:443",
            b"POST /hooks?token=abc HTTP/1.1\r\nHost: shop.example\r\n",
        ),
        (
            "HTTP://Shop.Example:80",
            False,
            "shop.example",
            80,
            "http://shop.example:80",
            b"POST / HTTP/1.1\r\nHost: shop.example\r\n",
        ),
        (
            "http://shop.example:8080?x=1#part",
            False,
            "shop.example",
            8080,
            "http://shop.example:8080",
            b"POST /?x=1 HTTP/1.1\r\nHost: shop.example:8080\r\n",
        ),
        (
            "http://[2001:DB8:0::1]:8500/a",
            False,
            "2001:db8::1",
            8500,
            "http://[2001:db8::1]:8500",
            b"POST /a HTTP/1.1\r\nHost: [2001:db8::1]:8500\r\n",
        ),
        (
            "https://blåbær.example:/ø",
            True,
            "xn--blbr-roah.example",
            443,
            "https://xn--blbr-roah.example:443",
            b"POST /%C3%B8 HTTP/1.1\r\nHost: xn--blbr-roah.example\r\n",
        ),
        (
            "http://ann:p%40ss@127.0.0.1/",
            False,
            "127.0.0.1",
            80,
            "http://127.0.0.1:80",
            b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Basic YW5uOnBAc3M=\r\n",
        ),
    ],
    ids=["usual", "upper case", "query and fragment", "ipv6", "other letters", "user"],
)
def test_a_url_is_taken_apart(url: str, tls: bool, host: str, port: int, origin: str, opening: bytes) -> None:
    """Scheme and host lose their case, a default port is left out of Host, the fragment never leaves."""
    target = parse_target(url)
    assert (tls, host, port, origin, opening) == (
        target.tls,
        target.host,
        target.port,
        target.origin,
        target.head_start,
    )


@pytest.mark.parametrize(
    ("path", "leaves"),
    [
        ("/a/../b//c/./d", b"/a/../b//c/./d"),
        ("/a%2fb%2F?q=%zz&r=a+b", b"/a%2fb%2F?q=%zz&r=a+b"),
        ('/"<>\\^`{|}', b"/%22%3C%3E%5C%5E%60%7B%7C%7D"),
        ("/;,=!$&'()*~:@[]?/?", b"/;,=!$&'()*~:@[]?/?"),
    ],
)
def test_a_path_leaves_as_it_was_written(path: str, leaves: bytes) -> None:
    """Nothing is normalised, escapes stay; only what no request line may hold is encoded."""
    assert (
        b"POST " + leaves + b" HTTP/1.1\r\nHost: shop.example\r\n"
        == parse_target("http://shop.example" + path).head_start
    )


@pytest.mark.parametrize(
    "url",
    [
        "",
        "shop.example/hooks",
        "/hooks",
        "ftp://shop.example/",
        "http://",
        "http:///hooks",
        "http://shop example/",
        "http://shop.example/a b",
        "http://shop.example/\r\nX-Evil: 1",
        "http://shop.example/\x00",
        "http://shop.example/\ud800",
        "http://shop.example:0/",
        "http://shop.example:65536/",
        "http://shop.example:http/",
        "http://shop.example:8080:80/",
        "http://[::1/",
        "http://[::g]/",
        "http://[::1%25eth0]/",
        "http://::1/",
        "http://-shop.example/",
        "http://shop..example/",
        "http://" + "a" * 64 + ".example/",
        "http://" + "a." * 130 + "example/",
        "http://shop.example\\@evil.example/",
        "http://a@b@shop.example/",
        "http://sh%6fp.example/",
        "http://☃️\u200d.example/",
    ],
)
def test_what_is_no_url_is_refused(url: str) -> None:
    """A URL that cannot be delivered to is refused, under the field `url`, with what was expected."""
    with pytest.raises(BadInput, match=r"^expected an absolute URL such as https://") as caught:
        parse_target(url)
    assert ["url"] == list(caught.value.fields)


def test_a_trailing_dot_is_no_part_of_the_certificate_name() -> None:
    """`shop.example.` is looked up as it stands; the certificate bears the name without its dot."""
    target = parse_target("https://shop.example./")
    assert ("shop.example.", "shop.example") == (target.host, target.server_name)


@given(st.text(max_size=60), st.sampled_from(["http://shop.example/", "http://", "http://a:", "https://u:p@h/?", ""]))
def test_no_url_adds_a_line_to_the_head(text: str, start: str) -> None:
    """Whatever is in a URL: it is refused, or its opening has its own lines and nothing else."""
    try:
        target = parse_target(start + text)
    except BadInput:
        return
    lines = target.head_start.split(b"\r\n")
    assert b"" == lines[-1]
    assert 3 + (b"Authorization: Basic " in target.head_start) == len(lines)
    assert 3 == len(lines[0].split(b" "))
    assert all(32 <= byte < 127 for line in lines for byte in line)


def test_a_url_has_a_length() -> None:
    """2,048 characters are taken, one more is refused, and the refusal is short."""
    start = "http://shop.example/"
    parse_target(start + "x" * (2_048 - len(start)))
    with pytest.raises(BadInput, match="it has 2,049 characters, and at most 2,048 may be") as refused:
        parse_target(start + "x" * (2_049 - len(start)))
    assert len(str(refused.value)) < 400
