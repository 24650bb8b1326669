"""Who may open a socket, and what is taken for a message: the parts of the door that need no server."""

import pytest

from layers import origins
from layers.consumers import Abuse, BadMessage, is_origin_allowed, parsed, subscriptions
from layers.frames import CloseCode

pytestmark = pytest.mark.unit


def handshake(origin: str | None, *, host: str = "map.example", scheme: str = "ws", twice: bool = False) -> dict:
    headers = [(b"host", host.encode())]
    if origin is not None:
        headers += [(b"origin", origin.encode())] * (2 if twice else 1)
    return {"type": "websocket", "scheme": scheme, "headers": headers}


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [
        (handshake("http://map.example"), True),
        (handshake("http://MAP.example:80"), True),
        (handshake("https://map.example", scheme="wss"), True),
        (handshake("http://map.example:8000", host="map.example:8000"), True),
        (handshake("http://map.example:8443"), False),
        (handshake("https://map.example"), False),
        (handshake("http://map.example", scheme="wss"), False),
        (handshake("http://map.example.evil.example"), False),
        (handshake("http://evil.example"), False),
        (handshake("http://evil.example", host="evil.example"), False),
        (handshake("http://user@map.example"), False),
        (handshake("http://map.example/page"), False),
        (handshake("http://map.example:port"), False),
        (handshake("file://map.example"), False),
        (handshake("null"), False),
        (handshake(""), False),
        (handshake(None), False),
        (handshake("http://map.example", twice=True), False),
    ],
)
def test_s40_only_the_own_page_may_open_a_socket(settings, scope: dict, allowed: bool) -> None:
    settings.ALLOWED_HOSTS, settings.PUBLIC_URL, settings.HTTPS, settings.CSRF_TRUSTED_ORIGINS = ["map.example"], "", False, []

    assert is_origin_allowed(scope) is allowed


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("https://map.example", True),
        ("https://inner.example", True),
        ("https://gis.utility.example", True),
        ("https://old.example:8443", True),
        ("http://map.example", False),
        ("http://inner.example", False),
        ("https://map.example:8443", False),
        ("https://utility.example", False),
        ("https://gis.utility.example.evil.example", False),
        ("https://old.example", False),
    ],
)
def test_s40_public_address_and_trusted_origins_count(settings, origin: str, allowed: bool) -> None:
    settings.ALLOWED_HOSTS, settings.PUBLIC_URL, settings.HTTPS = ["inner.example"], "https://map.example/atlas", True
    settings.CSRF_TRUSTED_ORIGINS = ["https://*.utility.example", "https://old.example:8443"]

    assert is_origin_allowed(handshake(origin, host="inner.example")) is allowed


def test_the_examples_of_the_origin_rules_hold() -> None:
    assert origins.parse_origin("https://Map.example") == ("https", "map.example", 443)
    assert origins.is_ours("https://map.example:443", trusted=["https://map.example/"])


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"text": "x" * 65_537}, CloseCode.TOO_BIG),
        ({"bytes": b"{}"}, CloseCode.BAD_TEXT),
        ({"text": "{"}, CloseCode.BAD_TEXT),
        ({"text": "[" * 60_000}, CloseCode.BAD_TEXT),
        ({"text": '{"type":' + "9" * 5000 + "}"}, CloseCode.BAD_TEXT),
    ],
)
def test_abuse_names_its_close_code(message: dict, code: CloseCode) -> None:
    with pytest.raises(Abuse) as abuse:
        parsed(message)

    assert abuse.value.code == code


def test_a_hello_is_read_whole_or_not_at_all() -> None:
    with pytest.raises(BadMessage):
        subscriptions({"streams": [{"key": "customers"}, {"key": 7}]})

    assert subscriptions({"streams": [{"key": "customers", "epoch": "e", "cursor": 7}, {"key": "areas"}]}) == [
        ("customers", "e", 7),
        ("areas", None, None),
    ]
