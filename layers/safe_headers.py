"""What every answer tells the browser not to do, whoever makes the answer: Django's middleware, or the tile routes beside it."""

from urllib.parse import urlsplit

from django.conf import settings

# Frames of nobody, no guessing of types, no address told to other sites; place and camera only for the map itself.
EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": settings.SECURE_REFERRER_POLICY,
    "Permissions-Policy": "geolocation=(self), camera=(self), microphone=(), payment=(), usb=()",
}
# Bytes that are no page need nothing at all.
NOTHING_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_PAGE_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; worker-src 'self'; "
    "connect-src {connect}; object-src 'none'; base-uri 'none'; form-action {forms}; frame-ancestors 'none'"
)


def page_policy(host: str, *, is_secure: bool) -> str:
    """Return the content policy of a page. `host` is host[:port] as the browser knows it, "" when it is none of ours.

    The socket is named with its scheme, since not every browser counts it to 'self'.

    >>> "connect-src 'self' wss://map.example;" in page_policy("map.example", is_secure=True)
    True
    >>> "unsafe" in page_policy("", is_secure=True)
    False
    """
    socket = f" {'wss' if is_secure else 'ws'}://{host}" if host else ""
    # Browsers also judge where a form is sent on to: the sign-in of the organisation.
    issuer = urlsplit(settings.OIDC_SERVER_URL)
    forms = f"'self' {issuer.scheme}://{issuer.netloc}" if issuer.netloc else "'self'"
    return _PAGE_POLICY.format(connect=f"'self'{socket}", forms=forms)


def raw(policy: str) -> list[tuple[bytes, bytes]]:
    """Return the headers as ASGI takes them, for answers that Django does not make."""
    headers = {**EVERYWHERE, "Content-Security-Policy": policy}
    if settings.SECURE_HSTS_SECONDS:
        # As Django's middleware says it: browsers keep what they heard last, also that names below this host do not count.
        below = "; includeSubDomains" if settings.SECURE_HSTS_INCLUDE_SUBDOMAINS else ""
        headers["Strict-Transport-Security"] = f"max-age={settings.SECURE_HSTS_SECONDS}{below}"
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]
