"""Pings to a watchdog such as healthchecks.io, which notices when the machine itself is off.

secrets.toml      [pings]
                  weekly = "https://hc-ping.com/…"   URL/start at the start, URL/EXIT at the end
"""

from __future__ import annotations

from dataclasses import dataclass
from http.client import HTTPException
from urllib.error import URLError
from urllib.request import Request, urlopen

from engine.core.errors import FileError
from engine.core.paths import Home
from engine.settings.secret_file import secret_table

# Seconds; a job never waits longer for a watchdog.
_LIMIT_S = 10


@dataclass(frozen=True, slots=True)
class Ping:
    """Where one job pings; the URL is a secret, in no message and no repr, empty for no ping."""

    url: str = ""

    def __repr__(self) -> str:
        return "Ping(set)" if self.url else "Ping()"

    def send(self, event: str) -> str:
        """Ping URL/event and return the error, empty if none; an error never stops a job."""
        if not self.url:
            return ""
        try:
            # The scheme was checked when the URL was read.
            url = f"{self.url.rstrip('/')}/{event}"
            request = Request(url, method="POST", data=b"")  # noqa: S310
            with urlopen(request, timeout=_LIMIT_S) as answer:  # noqa: S310
                answer.read(1000)
        except URLError as error:
            reason = error.reason
            if not isinstance(reason, str):
                reason = type(reason).__name__
            return f"the ping did not arrive: {reason}"
        except (OSError, ValueError, HTTPException) as error:
            return f"the ping did not arrive: {type(error).__name__}"
        return ""


def ping_of(home: Home, job: str) -> tuple[Ping, str]:
    """The job's ping, and why one in the file is unusable; an error never stops a job."""
    try:
        url = secret_table(home, "pings").get(job)
        if url is None:
            return Ping(), ""
        secret_table(home, "pings", private=True)
    except FileError as error:
        return Ping(), f"no ping: {error}"
    if not isinstance(url, str) or not url.startswith(("https://", "http://")):
        return Ping(), f"pings.{job} in secrets.toml is no http(s) address: no ping"
    return Ping(url), ""
