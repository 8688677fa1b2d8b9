"""A home that went away while a process works in it is not made again."""

import errno
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.core.anchor import GONE, check_held, hold_home, is_gone, make_folder
from engine.core.errors import FileError
from engine.core.files import FileLock, append_line, write_atomic
from engine.core.history import open_history
from engine.core.paths import Home
from engine.watch.schema import SCHEMA


@pytest.fixture(params=["renamed", "unmounted"])
def lost(tmp_path: Path, request: pytest.FixtureRequest) -> Home:
    """A held home whose name is free now, or names the folder that was under the disk."""
    home = Home(tmp_path / "home")
    make_folder(home.data)
    hold_home(home.root)
    home.root.rename(tmp_path / "elsewhere")
    if request.param == "unmounted":
        home.root.mkdir()
    return home


def test_nothing_is_made_under_the_old_name(lost: Home) -> None:
    """Files, lines, locks, databases and folders: each is refused in words."""
    writes: list[Callable[[], None]] = [
        lambda: make_folder(lost.models),
        lambda: write_atomic(lost.status("NVDA"), b"{}"),
        lambda: append_line(lost.training_log, "a line"),
    ]
    for write in writes:
        with pytest.raises(OSError, match=GONE) as raised:
            write()
        assert raised.value.errno == errno.ESTALE
    with pytest.raises(FileError, match=GONE):
        FileLock(lost.lock("NVDA")).acquire()
    with pytest.raises(Exception, match=GONE):
        open_history(lost, SCHEMA)
    assert is_gone(lost.root)
    assert not any(lost.root.glob("*"))


def test_a_home_at_its_place_is_used(tmp_path: Path) -> None:
    """Held or not, folders are made."""
    home = Home(tmp_path / "home")
    make_folder(home.models)
    hold_home(home.root)
    make_folder(home.logs / "training")
    check_held(home.logs)

    assert (home.logs / "training").is_dir()
    assert not is_gone(home.root)
    assert not is_gone(tmp_path)
