"""Making, listing and verifying backups."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from engine.core.errors import NoDataError, StockmlError, UsageError
from engine.core.paths import Home
from engine.settings.load import load
from engine.vault.backup import back_up, check_space, copy_to
from engine.vault.backups import backups_in, find_backup, list_backups, newest_valid
from tests.fake_clock import FakeClock
from tests.helpers import new_home
from tests.vault import homes
from tests.vault.crash import NOW, settings_of
from tests.vault.files import verify_backup


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return homes.two_models(tmp_path / "home")


def test_a_backup_holds_the_files_and_their_manifest(home: Home) -> None:
    """A backup holds byte-for-byte copies and a manifest that says what they are; it verifies."""
    backup = list_backups(home.models)[0]
    assert backup.verified
    assert backup.reason == "manual"
    assert backup.created_at == NOW - timedelta(days=1)
    assert [(entry.symbol, entry.kind, entry.generation) for entry in backup.entries] == [
        ("NVDA", "model", 1),
        ("TSLA", "model", 1),
    ]
    for symbol in ("NVDA", "TSLA"):
        assert (backup.path / home.model(symbol).name).read_bytes() == home.model(
            symbol
        ).read_bytes()
    assert [(check.symbol, check.ok) for check in verify_backup(backup)] == [
        ("NVDA", True),
        ("TSLA", True),
    ]


def test_two_backups_in_one_second_get_two_names(home: Home) -> None:
    """Three backups made in one second all exist, the later ones with _2 and _3, and list in
    their order."""
    paths = [homes.backed_up(home, ("NVDA",), days_ago=0) for _ in range(3)]
    assert [path.name.removeprefix(paths[0].name) for path in paths] == ["", "_2", "_3"]
    assert {path.name for path in paths} <= {backup.name for backup in list_backups(home.models)}


def test_backup_names_are_in_local_time(home: Home) -> None:
    """A backup's name is the local time of its making, the manifest's is UTC."""
    path = homes.backed_up(home, ("NVDA",), days_ago=0)
    assert path.name == f"backup_{NOW.astimezone():%Y%m%d_%H%M%S}"
    assert (
        json.loads((path / "manifest.json").read_text())["created_at"] == "2026-07-01T12:00:00.000Z"
    )


def test_backups_are_ordered_by_their_manifests(home: Home) -> None:
    """Newest first by the manifests' moments, whatever the folders are called or their files'
    times say."""
    old = homes.backed_up(home, ("NVDA",), days_ago=9)
    old.rename(old.with_name("backup_20990101_000000"))
    assert [backup.name for backup in list_backups(home.models)][-1] == "backup_20990101_000000"
    assert newest_valid(list_backups(home.models), NOW) == list_backups(home.models)[0]


def test_a_backup_without_models_is_no_data(tmp_path: Path) -> None:
    """Without a model there is no empty backup but an error with the next step."""
    home = new_home(tmp_path / "new")
    with pytest.raises(NoDataError, match="no model to back up"):
        back_up(home, load(home, {}), ("NVDA",), FakeClock(NOW))
    assert list_backups(home.models) == ()


def test_a_backup_is_copied_to_another_disk(home: Home) -> None:
    """`to` and also_to receive whole copies that verify; their age can be told from there."""
    (home.root / "usb").mkdir()
    made = back_up(home, settings_of(home), ("NVDA", "TSLA"), FakeClock(NOW), to=home.root / "usb")
    assert made.copies == (
        home.root / "usb" / made.backup.name,
        home.root / "other" / made.backup.name,
    )
    for folder in (home.root / "usb", home.root / "other"):
        (copy,) = list_backups(folder)
        assert all(check.ok for check in verify_backup(copy))
        assert copy.entries == made.backup.entries
        assert newest_valid(list_backups(folder), NOW) == copy


def test_an_absent_other_disk_is_reported(home: Home) -> None:
    """A missing `to` is an error and no folder is created;
    a missing also_to is a problem of a backup that is complete."""
    with pytest.raises(StockmlError, match="does not exist") as caught:
        back_up(home, load(home, {}), ("NVDA",), FakeClock(NOW), to=home.root / "absent")
    assert "mount" in caught.value.hint
    assert not (home.root / "absent").exists()
    with pytest.raises(StockmlError, match="already is"):
        back_up(home, load(home, {}), ("NVDA",), FakeClock(NOW), to=home.models)
    (home.root / "other").rmdir()
    made = back_up(home, settings_of(home), ("NVDA",), FakeClock(NOW))
    assert made.copies == ()
    assert "does not exist" in made.problems[0]
    assert all(check.ok for check in verify_backup(made.backup))


@pytest.mark.parametrize("also_to", ["other", "~nobody-of-this-name/x"])
def test_a_relative_other_disk_is_relative_to_the_home(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, also_to: str
) -> None:
    """A relative also_to is the home's wherever a command runs;
    one of a user who is not there does not exist."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "other").mkdir()
    settings = load(home, {})
    settings = msgspec.structs.replace(
        settings, backup=msgspec.structs.replace(settings.backup, also_to=also_to)
    )
    made = back_up(home, settings, ("NVDA",), FakeClock(NOW))
    assert list((tmp_path / "other").iterdir()) == []
    if also_to == "other":
        assert made.copies == (home.root / "other" / made.backup.name,)
    else:
        assert "does not exist" in made.problems[0]


def test_a_dangling_backup_folder_is_an_error(home: Home) -> None:
    """Models linked to a disk that is not mounted are an error of that folder;
    a folder that never was holds none."""
    home.models.rename(home.root / "unmounted")
    assert list_backups(home.models) == ()
    home.models.symlink_to(home.root / "not-mounted")
    with pytest.raises(StockmlError, match=r"cannot list the backups in .*ml_models: No such file"):
        backups_in(home.models)


def test_a_damaged_backup_is_not_copied(home: Home) -> None:
    """A copy to another disk is made from bytes that match the manifest, or not at all."""
    backup = list_backups(home.models)[0]
    (backup.path / "tsla_lstm_model.h5").write_bytes(b"x")
    with pytest.raises(StockmlError, match="damaged"):
        copy_to(backup, home.root / "other", home)
    assert list((home.root / "other").iterdir()) == []


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "gone", "swap"])
def test_verify_finds_damage(home: Home, damage: str) -> None:
    """A flipped, cut, emptied, missing or swapped file is found by a second look, and only that
    one."""
    backup = list_backups(home.models)[0]
    path = backup.path / "nvda_lstm_model.h5"
    raw = bytearray(path.read_bytes())
    raw[99] ^= 1
    new = {
        "flip": bytes(raw),
        "cut": bytes(raw[:-1]),
        "empty": b"",
        "swap": (backup.path / "tsla_lstm_model.h5").read_bytes(),
    }
    path.unlink()
    if damage in new:
        path.write_bytes(new[damage])
    assert [(check.symbol, check.ok) for check in verify_backup(backup)] == [
        ("NVDA", False),
        ("TSLA", True),
    ]


def test_old_plain_copies_are_listed_as_unverified(home: Home) -> None:
    """A folder without a manifest is listed as unverified with the time of its name;
    its files are judged by the reader."""
    plain = home.models / "backup_20250813_120000"
    plain.mkdir()
    for symbol in ("NVDA", "TSLA"):
        (plain / home.model(symbol).name).write_bytes(home.model(symbol).read_bytes())
    (plain / "tsla_lstm_model.h5").write_bytes(b"garbage")
    (plain / "nvda_scalers.pkl").write_bytes(b"never opened")
    backup = find_backup((home.models,), plain.name)
    assert not backup.verified
    assert backup.created_at == datetime(2025, 8, 13, 12).astimezone(UTC)
    assert [(entry.symbol, entry.kind) for entry in backup.entries] == [
        ("NVDA", "unknown"),
        ("TSLA", "unknown"),
    ]
    assert [(check.symbol, check.ok, check.kind) for check in verify_backup(backup)] == [
        ("NVDA", True, "model"),
        ("TSLA", False, "broken"),
    ]
    assert newest_valid((backup,), NOW) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"format": 1}',
        "\0" * 50,
        '{"format":2,"created_at":"2026-01-01T00:00:00Z","reason":"","entries":[]}',
    ],
)
def test_an_unreadable_manifest_is_reported(home: Home, text: str) -> None:
    """A broken or newer manifest is a named problem of that backup, never a crash and never an
    empty list."""
    backup = list_backups(home.models)[0]
    (backup.path / "manifest.json").write_text(text)
    same = find_backup((home.models,), backup.name)
    assert "cannot be read" in same.problem
    assert same.entries == ()


def test_a_manifest_that_points_elsewhere_is_refused(home: Home) -> None:
    """An entry whose file is not the symbol's own name is refused: no path leads out of the
    folder."""
    backup = list_backups(home.models)[0]
    entry = msgspec.to_builtins(backup.entries[0]) | {"file": "../../../etc/passwd"}
    text = {"format": 1, "created_at": "2026-01-01T00:00:00Z", "reason": "x", "entries": [entry]}
    (backup.path / "manifest.json").write_text(json.dumps(text))
    assert "no model file" in find_backup((home.models,), backup.name).problem


def test_an_unknown_backup_names_the_nearest(home: Home, tmp_path: Path) -> None:
    """An unknown name is answered with the nearest; no backups at all with how to make one;
    a listing error is an error."""
    known = list_backups(home.models)[0].name
    with pytest.raises(UsageError, match="no backup") as caught:
        find_backup((home.models,), known[:-1])
    assert known in caught.value.hint
    with pytest.raises(UsageError):
        find_backup((home.models,), "../backup")
    with pytest.raises(NoDataError, match="no backups yet"):
        find_backup((tmp_path / "absent",), "backup_20260101_000000")
    (tmp_path / "file").write_text("")
    with pytest.raises(StockmlError, match="cannot list"):
        find_backup((tmp_path / "file",), "backup_20260101_000000")


def test_half_built_folders_are_not_backups(home: Home) -> None:
    """Folders aside, in the trash, and links are not listed."""
    before = list_backups(home.models)
    for name in (
        ".tmp-backup_20260101_000000-1-0123abcd",
        ".trash-backup_20260101_000000-0123abcd",
        "backup_x",
        "backup_20260101",
    ):
        (home.models / name).mkdir()
    (home.models / "backup_20260102_000000").symlink_to(before[0].path)
    assert list_backups(home.models) == before


def test_too_little_space_is_refused(tmp_path: Path) -> None:
    """Too little free space is said before anything is written."""
    check_space(tmp_path, 1)
    with pytest.raises(StockmlError, match=r" free; 1000000 TB are needed"):
        check_space(tmp_path, 10**18)


@pytest.mark.parametrize("thing", ["link", "pipe", "huge"])
def test_a_backup_copies_nothing_through_a_link(home: Home, tmp_path: Path, thing: str) -> None:
    """What lies in place of a live model is left out, and the others are backed up."""
    secret = tmp_path / "shadow"
    secret.write_text("a secret")
    live = home.model("NVDA")
    live.unlink()
    if thing == "link":
        live.symlink_to(secret)
    elif thing == "pipe":
        os.mkfifo(live)
    else:
        with live.open("wb") as file:
            file.truncate(8 * 2**30)

    backup = back_up(home, load(home, {}), ("NVDA", "TSLA"), FakeClock(NOW)).backup

    assert [entry.symbol for entry in backup.entries] == ["TSLA"]
    assert not (backup.path / live.name).exists()


def test_a_link_in_a_backup_is_damage(home: Home, tmp_path: Path) -> None:
    """It is neither verified nor copied to another disk, whatever it names."""
    backup = list_backups(home.models)[0]
    file = backup.path / home.model("NVDA").name
    file.rename(tmp_path / "same bytes")
    file.symlink_to(tmp_path / "same bytes")

    checks = {check.symbol: check for check in verify_backup(backup)}
    assert [checks["NVDA"].ok, checks["TSLA"].ok] == [False, True]
    assert "it is a link, not a file" in checks["NVDA"].text
    with pytest.raises(StockmlError, match="it is a link, not a file"):
        copy_to(backup, home.root / "other", home)
    assert not any((home.root / "other").iterdir())


def test_the_key_goes_with_a_copy(home: Home) -> None:
    """A copy on another disk has the key beside it, 0600; a backup beside the models needs none."""
    made = back_up(home, load(home, {}), ("NVDA",), FakeClock(NOW), to=home.root / "other")
    key = made.copies[0] / "seal.key"
    assert key.read_bytes() == home.seal_key.read_bytes()
    assert key.stat().st_mode & 0o777 == 0o600
    assert not (made.backup.path / "seal.key").exists()
    assert all(check.ok for check in verify_backup(list_backups(home.root / "other")[0]))
