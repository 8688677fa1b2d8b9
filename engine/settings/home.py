"""The home folder of a command, and the packaged settings that a new home starts with."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from engine.core.errors import ConfigError
from engine.core.files import temporary_name, write_atomic
from engine.core.paths import SETTINGS_NAME, Home, absolute_home
from engine.core.reading import read_text
from engine.core.trust import check_trust


def default_settings() -> str:
    """The packaged stockml.toml."""
    return read_text(Path(__file__).parent / "default.toml", links=True)


def find_home(
    given: str | None, environ: Mapping[str, str], cwd: Path, *, trusted: bool = True
) -> Home:
    """The home named by `--home` or STOCKML_HOME (created if absent), else the nearest upwards.

    Raises ConfigError when there is none, or when it cannot be trusted; not `trusted` finds one
    that is there in either case, for whoever examines it.
    """
    named = given or environ.get("STOCKML_HOME")
    if named:
        home = Home(absolute_home(named))
        if trusted or not os.path.lexists(home.settings):
            prepare(home)
        return home
    for folder in (cwd, *cwd.parents):
        settings = folder / SETTINGS_NAME
        if os.path.lexists(settings) and not settings.is_dir():
            home = Home(folder)
            if trusted:
                check_trust(home)
            return home
    raise ConfigError(
        f"no {SETTINGS_NAME} in {cwd} or above it",
        "name a home folder: stockml --home DIR, or STOCKML_HOME",
    )


def prepare(home: Home) -> None:
    """Create the home, with the packaged settings where it has none; ConfigError."""
    try:
        home.root.mkdir(parents=True, exist_ok=True, mode=0o755)
    except OSError as error:
        raise ConfigError(
            f"cannot create the home folder {home.root}: {error.strerror}",
            "name another with --home",
        ) from error
    check_trust(home)
    if not os.path.lexists(home.settings):
        try:
            _write_first(home.settings)
        except OSError as error:
            raise ConfigError(
                f"cannot write {home.settings}: {error.strerror}", "free space or name another home"
            ) from error


def _write_first(path: Path) -> None:
    """Write the packaged settings whole or not at all; what others put there meanwhile stays."""
    aside = temporary_name(path)
    write_atomic(aside, default_settings().encode("utf-8"), name="first_settings")
    try:
        os.link(aside, path)  # a rename would replace what came meanwhile
    except FileExistsError:
        pass
    except OSError:  # a file system without hard links
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
