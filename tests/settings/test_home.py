"""Finding a home folder and giving it its first settings."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.core.errors import ConfigError
from engine.core.paths import Home
from engine.settings.home import default_settings, find_home, prepare
from tests.helpers import environment, new_home


def test_a_named_home_is_created_with_the_packaged_settings(tmp_path: Path) -> None:
    """--home and STOCKML_HOME create what they name; the option wins."""
    home = find_home(str(tmp_path / "a" / "b"), {"STOCKML_HOME": str(tmp_path / "c")}, tmp_path)

    assert Home(tmp_path / "a" / "b") == home
    assert default_settings() == home.settings.read_text()
    assert not (tmp_path / "c").exists()
    assert Home(tmp_path / "c") == find_home(None, {"STOCKML_HOME": str(tmp_path / "c")}, tmp_path)


def test_the_nearest_folder_upwards_is_the_home(tmp_path: Path) -> None:
    """Without a name the nearest folder upwards with stockml.toml is the home."""
    outer, inner = new_home(tmp_path / "o"), new_home(tmp_path / "o" / "i")
    below = inner.root / "x" / "y"
    below.mkdir(parents=True)

    assert inner == find_home(None, {}, below)
    assert outer == find_home(None, {}, outer.root)


def test_without_any_home_the_error_says_how_to_name_one(tmp_path: Path) -> None:
    """Where there is none the error says how to name one."""
    with pytest.raises(ConfigError, match="--home DIR"):
        find_home(None, {}, tmp_path)


def test_settings_that_exist_are_left_alone(tmp_path: Path) -> None:
    """Preparing a home twice keeps what the operator wrote."""
    home = new_home(tmp_path / "h")
    home.settings.write_text("# mine\n")
    prepare(home)

    assert "# mine\n" == home.settings.read_text()


def test_a_home_of_an_unknown_user_is_refused(tmp_path: Path) -> None:
    """A `~name` that nobody has is bad configuration in words, and no folder of that name is
    made."""
    with pytest.raises(ConfigError, match="no such user"):
        find_home("~nobody-of-this-name/h", {}, tmp_path)

    assert not list(tmp_path.iterdir())


_FIRST = """
import sys
from pathlib import Path
from engine.core.errors import ConfigError
from engine.core.paths import Home
from engine.settings.home import prepare
try:
    prepare(Home(Path(sys.argv[1])))
except ConfigError as error:
    print(error)
"""


@pytest.mark.parametrize("action", ["kill", "enospc"])
def test_first_settings_are_whole_or_absent(tmp_path: Path, action: str) -> None:
    """A first start that is killed, or finds no room, while it writes leaves no half file that
    reads as other settings."""
    home = Home(tmp_path / "h")
    more = environment(STOCKML_TEST="1", STOCKML_FAILPOINTS=f"first_settings.written={action}")
    ran = subprocess.run(
        [sys.executable, "-c", _FIRST, str(home.root)],
        env=more,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ("cannot write" in ran.stdout) == (action == "enospc"), ran.stderr
    assert not home.settings.exists()
    prepare(home)
    assert default_settings() == home.settings.read_text()


@pytest.mark.parametrize("links", [True, False])
def test_settings_written_meanwhile_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    """What another first start has put there stays;
    without hard links the file is renamed into place instead."""
    home = Home(tmp_path / "h")

    def link(_: Path, target: Path) -> None:
        if not links:
            raise PermissionError(1, "Operation not permitted")
        target.write_text("# theirs\n")
        raise FileExistsError(17, "File exists")

    monkeypatch.setattr(os, "link", link)
    prepare(home)

    assert home.settings.read_text() == ("# theirs\n" if links else default_settings())
    assert [home.settings] == list(home.root.iterdir())


def test_a_file_is_not_a_home(tmp_path: Path) -> None:
    """Naming a file, or a folder below one, is bad configuration in words."""
    (tmp_path / "f").write_text("")
    for wrong in ("f", "f/h"):
        with pytest.raises(ConfigError):
            find_home(str(tmp_path / wrong), {}, tmp_path)
