"""Whether a home can be trusted."""

import os
import tempfile
from pathlib import Path

import pytest

from engine.core.errors import ConfigError
from engine.core.trust import check_trust, file_faults, filesystem_of
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


INSIDE = ["data", "models", "runs", "locks", "market", "logs"]


@pytest.mark.parametrize("name", INSIDE)
@pytest.mark.parametrize("linked", [False, True])
def test_a_folder_inside_is_judged_like_the_home(tmp_path: Path, name: str, linked: bool) -> None:
    """Also where it is a link to another disk: mode, and whether it is a folder at all."""
    home = new_home(tmp_path / "h")
    folder: Path = getattr(home, name)
    folder.parent.mkdir(exist_ok=True)
    target = tmp_path / "big disk" if linked else folder
    target.mkdir(exist_ok=True)
    if linked:
        folder.symlink_to(target)
    check_trust(home)
    target.chmod(0o777)
    with pytest.raises(ConfigError, match=r"writable by others \(mode 777\)") as raised:
        check_trust(home)
    assert raised.value.hint == f"chmod go-w {folder}"
    target.chmod(0o755)
    check_trust(home)
    target.rmdir()
    target.write_text("")
    with pytest.raises(ConfigError, match="is not a folder"):
        check_trust(home)


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives folders away")
@pytest.mark.parametrize("name", INSIDE)
def test_a_folder_of_another_user_is_refused(tmp_path: Path, name: str) -> None:
    """Its owner could change what lies in it."""
    home = new_home(tmp_path / "h")
    folder: Path = getattr(home, name)
    folder.mkdir(parents=True, exist_ok=True)
    os.chown(folder, 65534, -1)

    with pytest.raises(ConfigError, match="user id 65534") as raised:
        check_trust(home)
    assert raised.value.hint == f"chown -R 0 {folder}/"


def test_data_on_a_remote_disk_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A link to another device is looked up in the table of mounts."""
    other = Path("/dev/shm")
    if other.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("/dev/shm is the same disk")
    home = new_home(tmp_path / "h")
    with tempfile.TemporaryDirectory(dir=other) as disk:
        home.data.symlink_to(disk)
        check_trust(home)
        monkeypatch.setattr(
            "engine.core.trust.filesystem_of", lambda folder: "nfs4" if folder == home.data else ""
        )
        with pytest.raises(ConfigError, match="persistent_data is on nfs4"):
            check_trust(home)


def test_several_faults_are_counted(tmp_path: Path) -> None:
    """The first is named, the others are in the list of problems."""
    home = new_home(tmp_path / "h")
    for folder in (home.models, home.locks):
        folder.mkdir(parents=True)
        folder.chmod(0o777)

    with pytest.raises(ConfigError, match="and 1 more: stockml doctor") as raised:
        check_trust(home)
    assert len(raised.value.problems) == 2


def test_files_that_others_can_change_are_listed(tmp_path: Path) -> None:
    """Live models, settings and the key of the seal, each with the command that mends it."""
    home = new_home(tmp_path / "my home")
    home.models.mkdir(parents=True)
    for symbol in ("NVDA", "MSFT", "SPY"):
        home.model(symbol).write_bytes(b"")
    (home.data / "seal.key").write_bytes(b"")
    assert [fault.command for fault in file_faults(home)] == [f"chmod 600 '{home.data}/seal.key'"]
    (home.data / "seal.key").chmod(0o600)
    assert list(file_faults(home)) == []

    home.model("MSFT").chmod(0o666)
    home.model("NVDA").unlink()
    home.model("NVDA").symlink_to("/etc/shadow")
    home.settings.chmod(0o662)
    home.locks.mkdir()
    os.mkfifo(home.lock("SPY"))
    assert [fault.command for fault in file_faults(home)] == [
        f"chmod go-w '{home.model('MSFT')}'",
        f"mv '{home.model('NVDA')}' '{home.model('NVDA')}'.aside",
        f"mv '{home.lock('SPY')}' '{home.lock('SPY')}'.aside",
        f"chmod go-w '{home.settings}'",
    ]


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
    monkeypatch.setattr("engine.core.trust.filesystem_of", lambda folder: kind)
    with pytest.raises(ConfigError, match=kind):
        check_trust(home)
