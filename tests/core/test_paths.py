"""The paths of a home folder, and whether it can be trusted."""

import os
from pathlib import Path

import pytest

from engine.core.errors import ConfigError
from engine.core.paths import Home, check_trust, filesystem_of
from tests.helpers import new_home


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
def test_the_deepest_mount_decides_the_file_system(folder: str, kind: str) -> None:
    """The deepest mount above a folder tells its type."""
    assert kind == filesystem_of(Path(folder), MOUNTS)


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "fuse.sshfs", "9p"])
def test_a_home_without_working_locks_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """NFS, SMB and FUSE are refused, for their locks cannot be trusted."""
    home = new_home(tmp_path / "h")
    monkeypatch.setattr("engine.core.paths.filesystem_of", lambda folder: kind)
    with pytest.raises(ConfigError, match=kind):
        check_trust(home)


def test_the_files_have_the_names_of_the_guide() -> None:
    """The names of the guide."""
    home = Home(Path("/h"))

    assert Path("/h/persistent_data/ml_models/nvda_lstm_model.h5") == home.model("NVDA")
    assert Path("/h/persistent_data/ml_config.json") == home.ml_config
    assert Path("/h/logs/training/training.log") == home.training_log
    assert Path("/h/logs/monitoring/monitoring.log") == home.monitoring_log
    assert Path("/h/persistent_data/locks/NVDA.lock") == home.lock("NVDA")
    assert Path("/h/persistent_data/status/NVDA.json") == home.status("NVDA")
    assert Path("/h/evaluation_results") == home.evaluations
