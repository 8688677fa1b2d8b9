"""Keys and certificates: all or none, for their owner alone."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from engine.cluster.certificates import ROLES, ClusterFolder, make_certificates
from engine.core.errors import ConfigError, RefusedError


def test_every_role_is_signed_by_the_authority(tmp_path: Path) -> None:
    """Each file is 0600, each certificate verifies, and a second call changes nothing."""
    folder = ClusterFolder(tmp_path / "cluster")
    made = make_certificates(folder)
    assert sorted(path.name for path in made) == sorted(
        [f"{name}.{kind}" for name in (*ROLES, "ca") for kind in ("pem", "key")]
    )
    assert {path.stat().st_mode & 0o777 for path in made} == {0o600}
    assert folder.path.stat().st_mode & 0o777 == 0o700
    for role in ROLES:
        folder.check(role)
        words = ["openssl", "verify", "-CAfile", str(folder.authority)]
        words.append(str(folder.certificate(role)))
        assert subprocess.run(words, capture_output=True, check=False).returncode == 0
    before = folder.key("home").read_bytes()
    with pytest.raises(RefusedError):
        make_certificates(folder)
    assert folder.key("home").read_bytes() == before


def test_a_missing_or_open_key_is_a_fault_of_the_settings(tmp_path: Path) -> None:
    """What is missing is named with the command that makes it; a key for all is refused."""
    folder = ClusterFolder(tmp_path)
    with pytest.raises(ConfigError, match=r"ca\.pem is missing"):
        folder.check("home")
    for path in (folder.authority, folder.certificate("home"), folder.key("home")):
        path.write_text("x")
    folder.key("home").chmod(0o644)
    with pytest.raises(ConfigError, match="can be read by others: mode 0644"):
        folder.check("home")


def test_without_openssl_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The program that is missing is named."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match="openssl"):
        make_certificates(ClusterFolder(tmp_path / "cluster"))
    assert not (tmp_path / "cluster").exists()
