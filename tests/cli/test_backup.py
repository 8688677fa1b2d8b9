"""`backup`, `backups`, `restore`, `clean` on a home with real models, as real processes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from engine.core.files import FileLock
from engine.core.paths import Home
from engine.forecast import status
from engine.vault.backups import list_backups
from tests.helpers import ROOT, environment, new_home, stockml
from tests.vault.files import read_model


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with NVDA and TSLA trained, to be copied."""
    home = new_home(
        tmp_path_factory.mktemp("trained") / "home",
        market__source="simulated",
        market__simulated_sessions=450,
        training__holdout_sessions=60,
        training__sequence_length=20,
    )
    ran = stockml("train", "NVDA", "TSLA", "--members", "naive,enhanced", "--home", str(home.root))
    assert ran.returncode == 0, ran.stderr
    return home.root


@pytest.fixture
def home(trained: Path, tmp_path: Path) -> Home:
    shutil.copytree(trained, tmp_path / "home")
    return Home(tmp_path / "home")


def on(home: Home, *words: str) -> subprocess.CompletedProcess[str]:
    return stockml(*words, "--home", str(home.root))


def document(home: Home, *words: str) -> Any:
    return json.loads(on(home, *words, "--json").stdout)


def test_backup_list_verify(home: Home, tmp_path: Path) -> None:
    """A backup here and on the other disk is listed with its symbols, and every file of it
    verifies."""
    (tmp_path / "disk").mkdir()
    made = on(home, "backup", "--to", str(tmp_path / "disk"))
    (found,) = document(home, "backups", "list")["backups"]
    verified = on(home, "backups", "verify")

    assert made.returncode == 0, made.stderr
    assert found["name"] in made.stdout
    assert (tmp_path / "disk" / found["name"] / "nvda_lstm_model.h5").read_bytes() == home.model(
        "NVDA"
    ).read_bytes()
    assert [(entry["symbol"], entry["kind"]) for entry in found["entries"]] == [
        ("NVDA", "model"),
        ("TSLA", "model"),
    ]
    assert (verified.returncode, "OK, 2 of 2" in verified.stdout) == (0, True)
    assert found["name"] in on(home, "backups", "list").stdout


def test_a_symbol_without_a_model_is_named(home: Home) -> None:
    """What can be backed up is; what was asked for and has no model ends the command with 4."""
    some, none = on(home, "backup", "NVDA", "AAPL"), on(home, "backup", "AAPL")

    assert (some.returncode, none.returncode) == (4, 4)
    assert "AAPL has no model" in some.stderr
    assert [entry.symbol for entry in list_backups(home.models)[0].entries] == ["NVDA"]
    assert len(list_backups(home.models)) == 1


def test_a_copy_that_fails_is_no_done(home: Home, tmp_path: Path) -> None:
    """With `also_to` on a disk that is not mounted the backup stands, and the command says that
    the copy does not."""
    assert on(home, "config", "set", "backup.also_to", str(tmp_path / "absent")).returncode == 0
    made = on(home, "backup")

    assert made.returncode == 1
    assert str(tmp_path / "absent") in made.stderr
    assert len(list_backups(home.models)) == 1


def test_damage_is_found_and_named(home: Home) -> None:
    """One changed byte ends `backups verify` with 1 and names the file;
    that backup is not restored."""
    on(home, "backup")
    (backup,) = list_backups(home.models)
    path = backup.path / "nvda_lstm_model.h5"
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)
    verified, restored = on(home, "backups", "verify"), on(home, "restore", backup.name, "--yes")

    assert verified.returncode == 1
    assert "DAMAGED" in verified.stdout
    assert str(path) in verified.stderr
    assert restored.returncode == 1
    assert "TSLA: generation 1 is live again, as generation 2" in restored.stdout
    assert "NVDA" in restored.stderr
    assert read_model(home.model("NVDA")).manifest.generation == 1


def test_a_foreign_file_in_a_backup_is_no_damage(home: Home) -> None:
    """A file of another program lies there as it was copied: verified, said, and refused by
    `restore` with 5."""
    home.model("TSLA").write_bytes(b"not a model of ours")
    assert "TSLA is broken, kept as it is" in on(home, "backup").stdout
    (backup,) = list_backups(home.models)
    verified = on(home, "backups", "verify")

    assert verified.returncode == 0
    assert "TSLA is as it was backed up" in verified.stderr
    assert on(home, "restore", backup.name, "TSLA", "--yes").returncode in (1, 5)
    assert home.model("TSLA").read_bytes() == b"not a model of ours"


def test_restore_brings_the_model_back_and_can_be_undone(home: Home) -> None:
    """The restored model is a new generation with a fresh status;
    what it replaced lies in a backup and comes back too."""
    on(home, "backup")
    (first,) = list_backups(home.models)
    assert (
        on(
            home, "train", "NVDA", "--members", "naive,enhanced", "--epochs", "1", "--accept-worse"
        ).returncode
        == 0
    )
    second = read_model(home.model("NVDA")).manifest
    (result,) = document(home, "restore", first.name, "NVDA", "--yes")["results"]
    shown = status.read(home.status("NVDA"))
    undo = next(each for each in list_backups(home.models) if each.run_id.startswith("restore-"))

    assert (second.generation, result["ok"], result["generation"], result["from_generation"]) == (
        2,
        True,
        3,
        1,
    )
    assert shown is not None
    assert shown.model is not None
    assert (shown.model.generation, shown.forecast is not None) == (3, True)
    assert on(home, "restore", undo.name, "NVDA", "--yes").returncode == 0
    again = read_model(home.model("NVDA")).manifest
    assert (again.generation, again.created_at, again.data_hash) == (
        4,
        second.created_at,
        second.data_hash,
    )


def test_without_a_terminal_yes_is_needed(home: Home) -> None:
    """`restore` and `clean` show what they would do and end with 2; nothing is changed."""
    on(home, "backup")
    (backup,) = list_backups(home.models)
    before = home.model("NVDA").read_bytes()
    restored, cleaned = on(home, "restore", backup.name), on(home, "clean")

    assert (restored.returncode, cleaned.returncode) == (2, 2)
    assert "NVDA: generation 1" in restored.stdout
    assert all("--yes" in ran.stderr for ran in (restored, cleaned))
    assert home.model("NVDA").read_bytes() == before
    assert not (home.data / "daily").exists()


def test_on_a_terminal_restore_asks_and_takes_no_for_an_answer(home: Home) -> None:
    """The default is no: return leaves everything as it is."""
    on(home, "backup")
    (backup,) = list_backups(home.models)
    master, slave = os.openpty()
    line = [sys.executable, "-m", "engine.cli", "restore", backup.name, "--home", str(home.root)]
    with subprocess.Popen(
        line,
        stdin=slave,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
        env=environment(),
    ) as child:
        os.write(master, b"\n")
        said, _ = child.communicate(timeout=180)
    os.close(slave)
    os.close(master)

    assert "Replace these live models?" in said
    assert said.endswith("stockml: nothing was changed\n")
    assert child.returncode == 130
    assert read_model(home.model("NVDA")).manifest.generation == 1


def test_an_unknown_backup_and_a_busy_symbol(home: Home) -> None:
    """The nearest name is offered (2);
    a symbol that is being trained is left alone (75) and its holder named."""
    on(home, "backup")
    (backup,) = list_backups(home.models)
    unknown = on(home, "restore", "backup_20200101_000000", "--yes")
    with FileLock(home.lock("NVDA")) as lock:
        assert lock.acquire("run 1 of the test")
        busy = on(home, "restore", backup.name, "NVDA", "--yes")

    assert (unknown.returncode, backup.name in unknown.stderr) == (2, True)
    assert (busy.returncode, "run 1 of the test" in busy.stderr) == (75, True)


def test_no_backup_yet(home: Home) -> None:
    """An empty list is an answer (0); there is nothing to verify or to restore (4)."""
    codes = [
        on(home, *words).returncode
        for words in (("backups", "list"), ("backups", "verify"), ("restore", "x", "--yes"))
    ]

    assert codes == [0, 4, 4]


def test_clean_says_every_reason_and_does_what_it_said(home: Home) -> None:
    """`--dry-run` writes nothing and gives a reason for each keep;
    `--yes` does the same actions."""
    litter = home.models / ".tmp-nvda_lstm_model.h5-77-0123abcd"
    litter.write_bytes(b"half")
    on(home, "backup")
    now = time.time()
    for path in home.root.rglob("*"):  # the disk's clock need not be the machine's
        os.utime(path, (now, now), follow_symlinks=False)
    os.utime(litter, (0, 0))
    planned = document(home, "clean", "--dry-run")
    told = on(home, "clean", "--dry-run").stdout.splitlines()[-1]
    there = litter.exists()
    done = document(home, "clean", "--yes")

    assert there
    assert told.startswith("1 would be removed, ")
    assert " would be freed; " in told
    assert not litter.exists()
    assert all(action["reason"] for action in planned["actions"])
    assert {"backup", "run", "log"} <= {
        action["kind"] for action in planned["actions"] if action["verb"] == "keep"
    }
    assert [each for each in done["actions"] if each["verb"] != "keep"] == [
        each for each in planned["actions"] if each["verb"] != "keep"
    ]
    assert (home.model("NVDA").exists(), done["problems"]) == (True, [])
    assert on(home, "clean").returncode == 0  # nothing is due any more, so nothing is asked


def test_a_part_that_cannot_be_listed_ends_clean_with_1(home: Home) -> None:
    """The fault is named, the part removes nothing, the others are done."""
    other_disk = home.root.parent / "other-disk"
    assert on(home, "config", "set", "backup.also_to", str(other_disk)).returncode == 0
    other_disk.write_text("a file where a folder should be")
    ran = on(home, "clean", "--yes")

    assert ran.returncode == 1
    assert "cannot be listed, so nothing was removed" in ran.stderr
    assert (home.data / "daily").is_dir()
