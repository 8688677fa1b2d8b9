"""Who may ask: the Host header and the bearer token of a request."""

from __future__ import annotations

import hmac
import ipaddress
from dataclasses import dataclass

from starlette.types import Scope

from engine.service.limits import is_loopback
from engine.service.problems import ApiProblem

_READING = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True, slots=True)
class Policy:
    """The access policy; `host` is the bound address, `token` may be empty only on loopback."""

    host: str
    port: int
    token: str = ""
    names: tuple[str, ...] = ()
    """Further host names by which clients may call us."""

    def __repr__(self) -> str:
        return f"Policy({self.host}:{self.port}, token {'set' if self.token else 'absent'})"

    @property
    def open(self) -> bool:
        """Whether reading needs no token."""
        return is_loopback(self.host)

    def refuse_host(self, scope: Scope) -> ApiProblem | None:
        """400 for a Host that is not ours; an address is ours if the client reached us at it."""
        hosts = _headers(scope, b"host")
        text = hosts[0].decode("latin-1").lower() if len(hosts) == 1 else ""
        if self._is_ours(text, scope):
            return None
        if not hosts:
            detail = (
                "the Host header is missing: a probe by HTTP/1.0 must send it too, as"
                f" `Host: {self.host}:{self.port}`"
            )
            return ApiProblem(400, "host", detail)
        return ApiProblem(400, "host", "the Host header is not this service's")

    def _is_ours(self, text: str, scope: Scope) -> bool:
        name, port = text, ""
        if ":" in text and not text.endswith("]"):
            name, _, port = text.rpartition(":")
        if port and port != str(self.port):
            return False
        if name in ("localhost", "127.0.0.1", "[::1]", self.host, f"[{self.host}]", *self.names):
            return bool(name)
        local = (scope.get("server") or ("",))[0]
        try:
            # A foreign page cannot make a browser send an address that it did not connect to.
            return ipaddress.ip_address(name.strip("[]")) == ipaddress.ip_address(local)
        except ValueError:
            return False

    def refuse_caller(self, scope: Scope) -> ApiProblem | None:
        """401 or 403 without the token: for every change, and for everything off loopback."""
        if self.open and scope["method"] in _READING:
            return None
        if not self.token:
            return ApiProblem(
                403,
                "no-token",
                "no token is configured: `stockml serve --make-token`, then start the service"
                " again",
            )
        given = _headers(scope, b"authorization")
        expected = f"Bearer {self.token}".encode()
        if len(given) == 1 and hmac.compare_digest(given[0], expected):
            return None
        challenge = {"WWW-Authenticate": "Bearer"}
        return ApiProblem(401, "token", "a bearer token is needed", challenge)


def _headers(scope: Scope, header: bytes) -> list[bytes]:
    return [value for name, value in scope["headers"] if name == header]
