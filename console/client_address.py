"""From where a request comes, also behind proxies: whose failed logins are counted together."""

from contextlib import suppress
from ipaddress import ip_address

from django.http import HttpRequest

from console.options import options


def client_address(request: HttpRequest) -> str:
    """The address that the outermost believed proxy saw; what stands before it anybody can send."""
    peer = str(request.META.get("REMOTE_ADDR", ""))
    proxies = options().proxies
    said = str(request.META.get("HTTP_X_FORWARDED_FOR", "")).split(",")
    if not proxies or len(said) < proxies:
        return peer
    with suppress(ValueError):
        return str(ip_address(said[-proxies].strip()))
    return peer
