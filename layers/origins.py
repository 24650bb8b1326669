"""Which page may open a socket: scheme, host and port of Origin must be ours, exactly. (Cookies travel with any page's handshake.)"""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

DEFAULT_PORTS = {"http": 80, "https": 443}
Origin = tuple[str, str, int]


def parse_origin(text: str) -> Origin | None:
    """Return scheme, host, port of an Origin header, or None for "null", a path, or anything else that is no origin.

    >>> parse_origin("https://Map.example")
    ('https', 'map.example', 443)
    >>> parse_origin("null") is None and parse_origin("https://map.example/x") is None
    True
    """
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname or parts.path or parts.query or parts.username is not None:
        return None
    return parts.scheme, parts.hostname, port if port is not None else DEFAULT_PORTS[parts.scheme]


def is_ours(origin: str, *, trusted: Iterable[str]) -> bool:
    """Tell whether `origin` equals one of `trusted`; `https://*.example.com` there stands for its subdomains.

    >>> is_ours("https://map.example:443", trusted=["https://map.example"])
    True
    >>> [is_ours(o, trusted=["https://map.example"]) for o in ("http://map.example", "https://map.example:8443", "https://map.example.evil")]
    [False, False, False]
    """
    asked = parse_origin(origin)
    return asked is not None and any(_matches(asked, parse_origin(known.rstrip("/"))) for known in trusted)


def _matches(asked: Origin, known: Origin | None) -> bool:
    if known is None or (asked[0], asked[2]) != (known[0], known[2]):
        return False
    return fnmatchcase(asked[1], known[1]) if known[1].startswith("*.") else asked[1] == known[1]
