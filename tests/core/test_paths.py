"""The home folder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.core.errors import ConfigError
from engine.core.paths import Home, check_trust, filesystem_of
from engine.settings.home import default_settings, find_home, prepare
from tests.helpers import environment, new_home


def test_a_named_home_is_created_with_the_packaged_settings(tmp_path: Path) -> None:
    """--home and STOCKML_HOME create what they name; the option wins."""
    home = find_home(str(tmp_path / "a" / "b"), {"STOCKML_HOME": str(tmp_path / "c")}, tmp_path)

    assert Home(tmp_path / "a" / "b") == home
    assert default_settings() == home.settings.read_text()
    assert not (tmp_path / "c").exists()
    assert Home(tmp_path / "c") == find_home(None, {"STOCKML_HOME": str(tmp_path / "c")}, tmp_path)


def test_the_nearest_home_upwards(tmp_path: Path) -> None:
    """Without a name the nearest folder upwards with stockml.toml is the home."""
    outer, inner = new_home(tmp_path / "o"), new_home(tmp_path / "o" / "i")
    below = inner.root / "x" / "y"
    below.mkdir(parents=True)

    assert inner == find_home(None, {}, below)
    assert outer == find_home(None, {}, outer.root)


def test_no_home_at_all(tmp_path: Path) -> None:
    """Where there is none the error says how to name one."""
    with pytest.raises(ConfigError, match="--home DIR"):
        find_home(None, {}, tmp_path)


def test_settings_that_exist_are_left_alone(tmp_path: Path) -> None:
    """Preparing a home twice keeps what the operator wrote."""
    home = new_home(tmp_path / "h")
    home.settings.write_text("# mine\n")
    prepare(home)

    assert "# mine\n" == home.settings.read_text()


def test_a_home_open_to_others_is_refused(tmp_path: Path) -> None:
    """A folder that group or others may write cannot be trusted, and the hint repairs it."""
    home = new_home(tmp_path / "h")
    for mode in (0o775, 0o757):
        home.root.chmod(mode)
        with pytest.raises(ConfigError, match="chmod go-w"):
            check_trust(home)
    home.root.chmod(0o755)
    check_trust(home)


def test_a_home_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that belongs to somebody else cannot be trusted."""
    home = new_home(tmp_path / "h")
    other = os.getuid() + 1
    monkeypatch.setattr(os, "getuid", lambda: other)
    with pytest.raises(ConfigError, match="belongs to user id"):
        check_trust(home)


def test_a_home_of_a_user_who_does_not_exist_is_told(tmp_path: Path) -> None:
    """A `~name` that nobody has is bad configuration in words, and no folder of that name is
    made."""
    with pytest.raises(ConfigError, match="no such user"):
        find_home("~nobody-of-this-name/h", {}, tmp_path)

    assert not list(tmp_path.iterdir())


_FIRST = """
import sys
from pathlib import Path
from engine.core.errors import ConfigError
from engine.core.paths import Home, prepare
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
def test_settings_that_came_meanwhile_stand(
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


def test_a_file_is_no_home(tmp_path: Path) -> None:
    """Naming a file, or a folder below one, is bad configuration in words."""
    (tmp_path / "f").write_text("")
    for wrong in ("f", "f/h"):
        with pytest.raises(ConfigError):
            find_home(str(tmp_path / wrong), {}, tmp_path)


MOUNTS = """\
22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw
30 22 0:44 / /net rw - nfs4 server:/x rw
31 22 0:45 / /net/local rw - tmpfs tmpfs rw
32 22 0:46 / /with\\040space rw - fuse.sshfs host: rw
33 22 0:47 / /données rw - cifs //server/x rw
garbage
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/home/x", "ext4"),
        ("/net/a", "nfs4"),
        ("/net/local/b", "tmpfs"),
        ("/network", "ext4"),
        ("/with space/h", "fuse.sshfs"),
        ("/données/h", "cifs"),
    ],
)
def test_the_file_system_of_a_folder(folder: str, kind: str) -> None:
    """The deepest mount above a folder tells its type."""
    assert kind == filesystem_of(Path(folder), MOUNTS)


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "fuse.sshfs", "9p"])
def test_a_home_where_locks_lie_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """NFS, SMB and FUSE are refused, for their locks cannot be trusted."""
    home = new_home(tmp_path / "h")
    monkeypatch.setattr("engine.core.paths.filesystem_of", lambda folder: kind)
    with pytest.raises(ConfigError, match=kind):
        check_trust(home)


def test_where_things_are() -> None:
    """The names of the guide."""
    home = Home(Path("/h"))

    assert Path("/h/persistent_data/ml_models/nvda_lstm_model.h5") == home.model("NVDA")
    assert Path("/h/persistent_data/ml_config.json") == home.ml_config
    assert Path("/h/logs/training/training.log") == home.training_log
    assert Path("/h/logs/monitoring/monitoring.log") == home.monitoring_log
    assert Path("/h/persistent_data/locks/NVDA.lock") == home.lock("NVDA")
    assert Path("/h/persistent_data/status/NVDA.json") == home.status("NVDA")
    assert Path("/h/evaluation_results") == home.evaluations
