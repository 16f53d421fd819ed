"""Who may talk to the web server: Host, Origin, tokens.

A page that runs on loopback is still reachable by every site that the same browser visits. Three checks keep those out:

- Host must be a loopback name, the address that the connection came in on, or one that was allowed by name. A stranger's
  name that was made to point at this machine (DNS rebinding) is none of these.
- Origin, which a browser sends with each POST and each WebSocket and no script can forge, must be this server's own.
  Without it the caller is no browser, unless Sec-Fetch-Site gives it away.
- Where tokens are set, and beyond loopback they must be, one of them comes as `Authorization: Bearer`, or as the cookie
  that the page got for it. The cookie holds a keyed hash and not the token, since browsers show it to every port of a host.

Where networks are named, only those and loopback get any answer.

Scopes: "view" sees everything, "control" may also press buttons.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Callable, Iterable, Mapping
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

from aiohttp import web

from showctl.address import is_loopback

Scope: TypeAlias = Literal["view", "control"]

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; "
    "object-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # with "no-referrer" a browser would send Origin: null with our own login form
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

GUESSES = 10  # wrong tokens in a row that one address may send
LOCKED_OUT = 60.0  # s that it then has to wait
_ADDRESSES = 256  # addresses remembered for it


def host_name(header: str) -> str:
    """The name in a Host header, without its port: "[::1]:8080" -> "::1"; empty where it is malformed."""
    try:
        parts = urlsplit(f"//{header}")
        _ = parts.port  # raises on a port that is none
    except ValueError:
        return ""
    if parts.username is not None or parts.path or parts.query or parts.fragment:
        return ""
    return (parts.hostname or "").rstrip(".")


class Guard:
    """The checks of one server. Each raises the answer (an aiohttp HTTPException with one line of text) or returns."""

    def __init__(
        self,
        host: str,
        tokens: Mapping[str, Scope],
        allow_hosts: Iterable[str],
        networks: Iterable[str],
        now: Callable[[], float],
    ) -> None:
        self._networks = [ipaddress.ip_network(network) for network in networks]
        self._allowed = {name.lower().rstrip(".") for name in allow_hosts}
        if host not in {"0.0.0.0", "::", ""}:  # "any address" is not one that a browser should be calling
            self._allowed.add(host.lower())
        self._tokens = dict(tokens)
        self._cookies = {_cookie_of(token): scope for token, scope in tokens.items()}
        self._now = now
        self._wrong: dict[str, tuple[int, float]] = {}  # address -> wrong tokens in a row, time of the last

    def check_peer(self, request: web.Request) -> None:
        """403 unless the caller's address is on a network that may call."""
        peer = request.remote or ""
        if not self._networks or is_loopback(peer):
            return
        address = ipaddress.ip_address(peer.partition("%")[0])
        if not any(address in network for network in self._networks):
            raise web.HTTPForbidden(text="this address may not look; allow its network under web in the venue file\n")

    def check_host(self, request: web.Request) -> None:
        """403 unless Host is ours."""
        hosts = request.headers.getall("Host", [])
        name = host_name(hosts[0]) if len(hosts) == 1 else ""
        if not name or not (is_loopback(name) or name in self._allowed or name == _local_address(request)):
            raise web.HTTPForbidden(text="this host name is not served here; use the address that showctl printed\n")

    def check_origin(self, request: web.Request) -> None:
        """403 where another site's page is behind the request."""
        origins = request.headers.getall("Origin", [])
        if not origins and request.headers.get("Sec-Fetch-Site", "none") in {"none", "same-origin"}:
            return
        if len(origins) == 1 and origins[0].lower() in _own_origins(request):
            return
        raise web.HTTPForbidden(text="another site's page may not control this show\n")

    def scope(self, request: web.Request) -> Scope | None:
        """What the caller may do; None without a token that holds. 429 after too many wrong ones from an address."""
        if not self._tokens:
            return "control"
        self._check_guesses(request)
        header = request.headers.get("Authorization")
        if header is not None:
            scheme, _, token = header.partition(" ")
            return self.redeem(request, token.strip()) if scheme.lower() == "bearer" else None
        cookie = request.cookies.get(cookie_name(request), "")
        return next((scope for key, scope in self._cookies.items() if hmac.compare_digest(key, _plain(cookie))), None)

    def redeem(self, request: web.Request, token: str) -> Scope | None:
        """The scope of a token that was just sent, counting the wrong ones."""
        self._check_guesses(request)
        for known, scope in self._tokens.items():
            if hmac.compare_digest(known.encode(), token.encode("utf-8", "surrogateescape")):
                self._wrong.pop(request.remote or "", None)
                return scope
        address = request.remote or ""
        count, _ = self._wrong.pop(address, (0, 0.0))
        self._wrong[address] = (count + 1, self._now())
        while len(self._wrong) > _ADDRESSES:
            del self._wrong[next(iter(self._wrong))]
        return None

    def set_cookie(self, request: web.Request, response: web.StreamResponse, token: str) -> None:
        """Let the browser keep what it needs instead of the token."""
        secure = request.secure
        response.set_cookie(
            cookie_name(request), _cookie_of(token), httponly=True, samesite="Strict", secure=secure, max_age=30 * 86400
        )

    def _check_guesses(self, request: web.Request) -> None:
        count, last = self._wrong.get(request.remote or "", (0, 0.0))
        if count >= GUESSES:
            if self._now() - last < LOCKED_OUT:
                raise web.HTTPTooManyRequests(text="too many wrong tokens; wait a minute\n")
            del self._wrong[request.remote or ""]


def cookie_name(request: web.Request) -> str:
    """One name a port: two daemons on a machine do not log each other out."""
    port = urlsplit(f"//{request.headers.get('Host', '')}").port
    return f"showctl-{port or 80}"


def _cookie_of(token: str) -> str:
    return hmac.new(token.encode(), b"showctl page", hashlib.sha256).hexdigest()


def _plain(text: str) -> str:
    return text if text.isascii() else ""


def _own_origins(request: web.Request) -> set[str]:
    host = request.headers["Host"].lower()
    return {f"http://{host}", f"https://{host}"}


def _local_address(request: web.Request) -> str:
    transport = request.transport
    name = transport.get_extra_info("sockname") if transport is not None else None
    return str(name[0]) if name else ""
