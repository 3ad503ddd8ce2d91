"""Where a request comes from."""

from ipaddress import IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

ONE_HOME = 64  # bits; whoever has one address of IPv6 has as many as they like with these bits in common


def client_address(request: HttpRequest) -> str:
    """Return the visitor's address: the connection's, or what the outermost of our own proxies (TRUSTED_PROXIES) wrote
    down. For IPv6 it is the network, such as 2001:db8:1:2::/64: that is what one visitor has.

    Whatever stands further left in X-Forwarded-For was written by the visitor and proves nothing. A header that is
    called X_Forwarded_For does not come this far (crm/gateway/door.py).
    """
    direct = str(request.META.get("REMOTE_ADDR", ""))
    passed = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
    if not settings.TRUSTED_PROXIES or not passed:
        return home_of(direct)
    return home_of(passed[-min(settings.TRUSTED_PROXIES, len(passed))])


def home_of(address: str) -> str:
    """Return an IPv4 address, also when it is written as an IPv6 one, or the network of an IPv6 address; anything else
    as it is."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(ip_network((int(found), ONE_HOME), strict=False))
