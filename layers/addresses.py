"""Addresses of the network, as far as people are told apart by them."""

import ipaddress


def network(address: str) -> str:
    """Return what counts as one address: of IPv6 the /64 that every household has.

    >>> network("192.0.2.7"), network("2001:db8::5"), network("::ffff:192.0.2.7"), network("")
    ('192.0.2.7', '2001:db8::/64', '192.0.2.7', '')
    """
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:45]
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.IPv6Network((parsed, 64), strict=False))
