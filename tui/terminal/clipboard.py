"""Copying over any line: OSC 52 asks the terminal; terminals refuse silently, so a file too."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from engine.core.files import write_atomic
from engine.core.paths import Home
from engine.core.text import clean
from tui.work.messages import Notice, level_of

# Terminals drop a sequence of more than 100,000 bytes; so many bytes of text become 99,992 of
# base64 (k9s has the same).
MAX_BYTES = 74_994
# GNU screen cuts a passed-on string at 768 bytes.
_SCREEN_BYTES = 500


def tidy(text: str) -> str:
    """The text without control characters but its line ends, so that a shell runs none."""
    return "\n".join(clean(line, len(line) + 1).rstrip() for line in text.split("\n"))


def sequence(text: str, environ: Mapping[str, str]) -> str:
    """The OSC 52 sequence that copies `text`; empty if the text is too long."""
    raw = text.encode()
    if len(raw) > MAX_BYTES:
        return ""
    plain = f"\x1b]52;c;{base64.b64encode(raw).decode()}\x07"
    # tmux takes it bare with `set-clipboard on`, wrapped with `allow-passthrough on`: send both.
    if environ.get("TMUX") or environ.get("TERM", "").startswith("tmux"):
        return f"{plain}\x1bPtmux;{plain.replace(chr(27), chr(27) * 2)}\x1b\\"
    if environ.get("STY"):
        return f"\x1bP{plain}\x1b\\" if len(raw) <= _SCREEN_BYTES else ""
    return plain


def keep(home: Home, text: str) -> str:
    """Write the text to persistent_data/copied.txt (mode 0600); return the problem or ""."""
    try:
        write_atomic(home.copied, text.encode() + b"\n", mode=0o600)
    except OSError as error:
        return f"it cannot be written to {home.copied}: {error.strerror}"
    return ""


def copied_notice(text: str, file: str, problem: str, *, asked: bool) -> Notice:
    """The notice after a copy; `file` is empty in a read-only console, `problem` a failed write."""
    if problem:
        kept = problem
    elif file:
        kept = f"also in {file}"
    else:
        kept = "in no file: this console is read-only"
    count = f"{text.count(chr(10)) + 1} lines" if "\n" in text else f"{len(text)} characters"
    if not asked:
        level = level_of(failed=bool(problem) or not file)
        return Notice(f"too long for a terminal's clipboard: {count}", kept, level=level)
    first = text.split("\n", 1)[0]
    shown = first if len(first) <= 40 else f"{first[:39]}…"
    return Notice(
        f"copied {count}: {shown}",
        f"some terminals refuse without a word; {kept}",
        level=level_of(failed=bool(problem)),
    )
