"""Reject requests that web pages of other sites make a browser send."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from sutja.web.languages import answer_language
from sutja.web.problems import ProblemError, as_response

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
WRONG_HOST = "This server has another name: use the address that it printed, or restart it with --allow-host NAME."

_HOST = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::[0-9]{1,5})?")


class SameOriginMiddleware:
    """Rejects cross-site requests (CSRF) and requests for other host names (DNS rebinding).

    `hosts` are the names under which clients may address the server, besides the address at which a request arrives. A
    site that makes its own name resolve to an address of this computer still sends that name in `Host`.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str]) -> None:
        self._app, self._hosts = app, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Forward a request, or answer 421 or 403."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        name = host_name(headers.get("host", ""))
        if name not in self._hosts and name != _arrival_address(scope):
            rejection = ProblemError(421, WRONG_HOST)
        elif scope["method"] not in SAFE_METHODS and _is_cross_site(headers, scope["scheme"]):
            rejection = ProblemError(403, "Pages of other sites cannot send requests to this server.")
        else:
            await self._app(scope, receive, send)
            return
        await as_response(rejection, answer_language(headers))(scope, receive, send)


def is_loopback(host: str) -> bool:
    """Whether only programs on this computer can reach a server that listens on `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def host_name(host: str) -> str:
    """The name in a `Host` header, normalised, without port and brackets; "" for anything else (RFC 9110, 7.2)."""
    found = _HOST.fullmatch(host)
    if found is None:
        return ""
    address, name = found.groups()
    return _normalise(name) if name else _normalise(address) if _is_ipv6(address) else ""


def server_names(host: str, more: Collection[str] = ()) -> frozenset[str]:
    """The names of a server that listens on `host`, and `more`, normalised.

    A server that other computers may reach also has the names of this computer.
    """
    names = {"localhost", "127.0.0.1", "::1", host, *more}
    if not is_loopback(host):
        own = socket.gethostname()
        names |= {own, f"{own.partition('.')[0]}.local", socket.getfqdn()}
    return frozenset(map(_normalise, names))


def _normalise(name: str) -> str:
    """An IP address in its shortest form, IPv4 in IPv6 as IPv4; any other name in lower case."""
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return name.lower()
    return str(getattr(address, "ipv4_mapped", None) or address)


def _is_ipv6(address: str) -> bool:
    try:
        return bool(ipaddress.IPv6Address(address))
    except ValueError:
        return False


def _arrival_address(scope: Scope) -> str:
    """The address of this computer that a client has connected to: no other site can have it for a name."""
    server = scope.get("server")
    return _normalise(server[0]) if server else ""


def _is_cross_site(headers: Headers, scheme: str) -> bool:
    """Whether the browser marks the request as sent by a page of another origin; other programs send no such marks.

    `Sec-Fetch-Site` covers the scheme, also behind a proxy that adds TLS; browsers omit it for `http` addresses of
    other computers.
    """
    site = headers.get("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        return True
    origin = headers.get("origin")
    if origin is None:
        return False
    own_scheme, _, host = origin.lower().partition("://")
    return host != headers.get("host", "").lower() or (site is None and own_scheme != scheme)
