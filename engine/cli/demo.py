"""`demo`: everything on a simulated market, in a separate home."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from engine.cli import render
from engine.cli.console import has_terminal, open_console
from engine.cli.session import Session
from engine.cli.status import current_snapshot
from engine.cli.train import run_training
from engine.core.errors import ConfigError, ExitCode, RefusedError
from engine.core.files import write_atomic
from engine.core.paths import Home, absolute_home
from engine.core.sources import is_simulated
from engine.core.trust import check_trust
from engine.settings.document import with_value
from engine.settings.home import default_settings
from engine.words.sources import SIMULATED

# A simulated market, and few epochs so that 13 models train in a minute or two.
SETTINGS: tuple[tuple[tuple[str, str], object], ...] = (
    (("market", "source"), "simulated"),
    (("market", "simulated_sessions"), 700),
    (("training", "epochs"), 8),
    (("training", "quick_epochs"), 3),
)


def demo(session: Session) -> int:
    """Open the console on a simulated market; without a terminal, train and show the table."""
    session.home_text = session.home_text or str(demo_folder(os.environ, Path.home()))
    prepare_demo(Home(absolute_home(session.home_text)))
    if not is_simulated(session.engine.settings.current.market.source):
        raise RefusedError(
            f"{session.home.root} is not a demo: its market.source is"
            f" {session.engine.settings.current.market.source}",
            "name another folder with --home, or none",
        )
    session.source = None  # the demo's settings name it
    if has_terminal():
        return open_console(session)
    return headless(session)


def headless(session: Session) -> int:
    """Train every symbol with progress lines, and end with the status table."""
    session.say(f"demo in {session.home.root}: a {SIMULATED} market, not real prices")
    code = run_training(session, session.symbols(()), "manual")
    snapshot = current_snapshot(session)
    session.facts(["", render.title(snapshot), *render.status_table(snapshot)])
    # A second demo may well find that the first one's models are as good.
    return ExitCode.DONE if code == ExitCode.REFUSED else code


def demo_folder(environ: Mapping[str, str], user: Path) -> Path:
    """The demo folder under an absolute $XDG_DATA_HOME, else under ~/.local/share."""
    base = Path(environ.get("XDG_DATA_HOME", ""))
    return (base if base.is_absolute() else user / ".local" / "share") / "stockml-demo"


def demo_settings() -> str:
    """The packaged settings with a simulated market and few epochs."""
    text = default_settings()
    for path, value in SETTINGS:
        text = with_value(text, path, value)
    return text


def prepare_demo(home: Home) -> None:
    """Create the demo's home and settings if missing; keep existing files."""
    try:
        home.root.mkdir(parents=True, exist_ok=True, mode=0o755)
        check_trust(home)
        if not home.settings.exists():
            write_atomic(home.settings, demo_settings().encode("utf-8"), name="settings")
    except OSError as error:
        raise ConfigError(
            f"cannot create the demo in {home.root}: {error.strerror}", "name another with --home"
        ) from error
