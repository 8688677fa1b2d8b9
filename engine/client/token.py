"""The service's bearer token: `[service] token` in secrets.toml, readable by its owner only."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path

from engine.core.audit import acting
from engine.core.clock import SystemClock
from engine.core.errors import ConfigError, FileError, RefusedError
from engine.core.files import write_atomic
from engine.core.paths import Home
from engine.core.reading import read_text, toml_tree
from engine.settings.secret_file import secret_table

MIN_LENGTH = 24
"""Characters; 24 of 64 kinds are 144 bits."""
_SHAPE = re.compile(r"[A-Za-z0-9._~+/=-]{1,200}")


def read_token(home: Home) -> str:
    """The token, '' where none is set; ConfigError for a file others can read or a weak token."""
    try:
        token = secret_table(home, "service").get("token", "")
        if not token:
            return ""
        secret_table(home, "service", private=True)
    except FileError as error:
        raise ConfigError(error.message, error.hint or "correct the file") from error
    if not isinstance(token, str) or len(token) < MIN_LENGTH or not _SHAPE.fullmatch(token):
        raise ConfigError(
            f"service.token in {home.secrets} is no token: {MIN_LENGTH} to 200 of A-Z a-z 0-9 . _ ~"
            " + / = -",
            "remove that line, then `stockml serve --make-token`",
        )
    return token


def make_token(home: Home) -> None:
    """Write a random token into secrets.toml (0600), audited without it; RefusedError if set."""
    with acting(home, SystemClock(), "make-token"):
        _make(home)


def _make(home: Home) -> None:
    if read_token(home):
        raise RefusedError(
            f"{home.secrets} has a service token already", "remove its line to have a new one made"
        )
    try:
        text = read_text(home.secrets, links=True)
    except FileNotFoundError:
        text = ""
    if "service" in toml_tree(text):  # read once already, so it is TOML
        raise RefusedError(
            f"{home.secrets} has a [service] table without a token", 'add a line token = "…" to it'
        )
    line = (
        "[service]\n# Bearer token of the prediction service.\ntoken ="
        f' "{secrets.token_urlsafe(32)}"\n'
    )
    before = text if not text or text.endswith("\n\n") else text.rstrip("\n") + "\n\n"
    # A link into somebody's own collection stays a link.
    write_atomic(
        Path(os.path.realpath(home.secrets)), (before + line).encode(), mode=0o600, name="secrets"
    )
