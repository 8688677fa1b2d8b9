"""Delivery: a short-lived child sends the outbox through apprise, at least once.

secrets.toml      [alerts]
                  urls = ["json://127.0.0.1:9000/hook", "mailto://…"]   0600, or nothing is sent

Every URL gets every message in order, whether or not the others answer. A message is delivered
once every URL took it; a child that dies before recording who did sends it again.
"""

from __future__ import annotations

import hashlib
import sqlite3
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from engine.core.child import child_environment
from engine.core.clock import Clock, SystemClock, iso
from engine.core.errors import FileError
from engine.core.failpoints import failpoint
from engine.core.files import FileLock
from engine.core.history import reading, record_of
from engine.core.paths import Home
from engine.core.text import clean
from engine.settings.schema import Settings
from engine.settings.secret_file import secret_table
from engine.watch.records import Waiting
from engine.watch.schema import SCHEMA, writing

LIMIT_S = 60.0
NO_URL = "no alert URL is configured: [alerts] urls in secrets.toml"


@dataclass(frozen=True, slots=True)
class Secret:
    """A URL that may hold a token: it is in no message, log or repr."""

    text: str

    @property
    def mark(self) -> str:
        """The URL's mark in history.db, from which it cannot be recovered."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:16]

    def __repr__(self) -> str:
        return "Secret(set)"

    def __str__(self) -> str:
        return f"{self.text.partition('://')[0][:20]}://…"


def alert_urls(home: Home) -> tuple[tuple[Secret, ...], str]:
    """The URLs of secrets.toml, and why there are none; the file must be the owner's alone."""
    try:
        urls = secret_table(home, "alerts", private=True).get("urls")
    except FileError as error:
        return (), str(error)
    if not isinstance(urls, list) or not urls or not all(isinstance(url, str) for url in urls):
        return (), NO_URL
    return tuple(Secret(url) for url in urls), ""


def outbox(home: Home) -> tuple[Waiting, ...]:
    """The messages that were not delivered yet, oldest first."""
    with reading(home, SCHEMA) as connection:
        if connection is None:
            return ()
        connection.row_factory = sqlite3.Row
        rows = connection.execute(
            "SELECT * FROM watch_outbox WHERE delivered_at IS NULL ORDER BY id"
        )
        # A file that no writer brought up to date yet lacks the newest column.
        names = tuple(Waiting.__dataclass_fields__)
        return tuple(record_of(Waiting, {name: row[name] for name in names}) for row in rows)


def is_configured(home: Home) -> bool:
    """Whether alert URLs are named, even in a file that must not be used."""
    urls, fault = alert_urls(home)
    return bool(urls) or fault != NO_URL


def closed(home: Home, settings: Settings) -> str:
    """Why nothing can be sent now, in words; empty when something can."""
    return (
        alert_urls(home)[1]
        if settings.alerts.enabled
        else "alerts are switched off (alerts.enabled)"
    )


def deliver(home: Home, settings: Settings, limit_s: float = LIMIT_S) -> str:
    """Send waiting messages through a child process; return what went wrong, in words."""
    fault = closed(home, settings)
    if fault or not outbox(home):
        return fault
    try:
        child = subprocess.run(
            [sys.executable, "-P", "-m", "engine.watch.deliver", str(home.root)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=limit_s,
            cwd=home.root,
            env=child_environment(),
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"the delivery took longer than {limit_s:g} s and was stopped"
    except OSError as error:
        return f"the delivery could not be started: {error.strerror}"
    said = clean(child.stdout.decode("utf-8", "replace").strip(), 300)
    # What a child that died has on its stderr may hold a URL.
    return said or (
        f"the delivery ended with exit {child.returncode}" if child.returncode else _left(home)
    )


def _left(home: Home) -> str:
    """How many messages wait after a silent child, because another process sends them."""
    left = len(outbox(home))
    return (
        f"{left} message{' waits' if left == 1 else 's wait'}: another process sends them"
        if left
        else ""
    )


def send_all(home: Home, clock: Clock) -> str:
    """Send waiting messages in order, one child at a time; return the first fault in words."""
    urls, fault = alert_urls(home)
    if fault:
        return fault
    with FileLock(home.locks / ".outbox") as lock:
        if not lock.acquire("delivery of alerts"):
            return ""
        deaf: list[Secret] = []
        for each in outbox(home):
            taken, heard = set(each.taken.split()), [url for url in urls if url not in deaf]
            asked = [url for url in heard if url.mark not in taken]
            for url in asked:
                if _send(url, each):
                    taken.add(url.mark)
                else:
                    deaf.append(url)
            failpoint("alerts.sent")
            if asked or all(url.mark in taken for url in urls):
                _note(home, each, urls, taken, clock, tried=bool(asked))
            if len(deaf) == len(urls):
                break
        left = len(outbox(home))
    return f"{left} message{'' if left == 1 else 's'} wait: {_not_taken(deaf)}" if deaf else ""


def _note(
    home: Home,
    each: Waiting,
    urls: tuple[Secret, ...],
    taken: set[str],
    clock: Clock,
    *,
    tried: bool,
) -> None:
    """Record who took a message; it is delivered once every current URL has taken it."""
    waits = [url for url in urls if url.mark not in taken]
    done = None if waits else iso(clock.now())
    row = (int(tried), _not_taken(waits) if waits else "", done, " ".join(sorted(taken)), each.id)
    with writing(home) as connection:
        connection.execute(
            "UPDATE watch_outbox SET tries=tries+?, fault=?, delivered_at=?, taken=? WHERE id=?",
            row,
        )


def _not_taken(urls: Iterable[Secret]) -> str:
    """Which URLs did not take a message, without their secrets."""
    return f"not taken by {' '.join(str(url) for url in urls)}"


def _send(url: Secret, each: Waiting) -> bool:
    """Hand one message to one URL; whether it was taken."""
    import apprise

    kinds = {"firing": apprise.NotifyType.WARNING, "resolved": apprise.NotifyType.SUCCESS}
    gate = apprise.Apprise()
    kind = kinds.get(each.kind, apprise.NotifyType.INFO)
    return bool(
        gate.add(url.text) and gate.notify(body=each.body, title=each.title, notify_type=kind)
    )


if __name__ == "__main__":
    import logging

    logging.disable()  # apprise logs URLs
    sys.stdout.write(send_all(Home(Path(sys.argv[1])), SystemClock()))
