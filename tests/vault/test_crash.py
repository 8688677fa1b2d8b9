"""Kill -9 and a failing disk at every named point of publishing, backing up, restoring and
cleaning."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.core.errors import StockmlError
from engine.core.paths import Home
from tests.helpers import environment
from tests.vault import crash, homes, invariants

# What a scenario must pass, so that a renamed or lost point is noticed.
POINTS = {
    "publish": (
        """publish.begin publish.half publish.file publish.verified publish.backed_up
        publish.written publish.synced publish.renamed publish.done backup.begin
        backup.copied.NVDA backup.synced backup.renamed backup.done"""
    ),
    "first": "publish.half publish.verified publish.renamed publish.done",
    "backup": (
        "backup.begin backup.copy.NVDA backup.copied.TSLA backup.manifest.written backup.renamed"
        " backup.done"
    ),
    "restore": (
        """restore.begin.NVDA restore.done.NVDA restore.begin.TSLA restore.done.TSLA
        publish.renamed backup.renamed"""
    ),
    "clean": (
        """clean.backup.begin clean.backup.trashed clean.backup.removed clean.run.trashed
        clean.log.trashed clean.rotate.begin clean.rotate.moved.1 clean.rotate.renamed
        clean.daily.trashed daily.written daily.renamed"""
    ),
}


def _failed_everywhere(
    scenario: str, action: str, base: Home, out: Path
) -> list[tuple[str, Home, int]]:
    """(point, home, exit status) of one real process for each failpoint of the scenario, after a
    look at their names."""
    out.mkdir()
    command = [
        sys.executable,
        "-m",
        "tests.vault.crash",
        scenario,
        action,
        str(base.root),
        str(out),
    ]
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment(), timeout=500, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    (_, _, plain), *report = json.loads((out / "report.json").read_text())
    assert plain == 0, done.stderr[-3000:]
    assert set(POINTS[scenario].split()) <= {point for point, _, _ in report}
    assert 99 not in {status for _, _, status in report}, done.stderr[-3000:]
    return [(point, Home(out / folder), status) for point, folder, status in report]


@pytest.mark.parametrize("scenario", POINTS)
def test_a_kill_at_any_point_loses_nothing(scenario: str, tmp_path: Path) -> None:
    """After kill -9 at any point the invariants hold, and the same work done again succeeds
    without help."""
    base = (
        homes.untidy(tmp_path / "base")
        if scenario == "clean"
        else homes.two_models(tmp_path / "base")
    )
    before = invariants.look(base)
    # A day after what the disk says of its files, whatever the machine's clock is.
    killed = _failed_everywhere(scenario, "kill", base, tmp_path / "out")
    written = datetime.fromtimestamp((tmp_path / "out" / "report.json").stat().st_mtime, UTC)
    for point, home, status in killed:
        assert status == -9, point
        try:
            now = invariants.check(home, before, pruned=scenario == "clean")
            again: Callable[..., int] = getattr(crash, f"do_{scenario}")
            assert again(home, now=crash.NOW + timedelta(hours=2)) == 0
            invariants.check(home, now, pruned=scenario == "clean")
            if scenario == "restore":  # its left-overs are those of publish and backup
                continue
            assert crash.do_clean(home, now=written + timedelta(days=1)) == 0
            invariants.check(home, invariants.look(home), pruned=True)
            left = [
                path.name
                for path in home.root.rglob(".t*")
                if path.name.startswith((".tmp-", ".trash-"))
            ]
            assert left == [], f"left behind: {left}"
        except (AssertionError, OSError, StockmlError) as error:
            raise AssertionError(f"killed at {point}: {error}") from error


@pytest.mark.parametrize("scenario", POINTS)
def test_a_full_disk_at_any_point_loses_nothing(scenario: str, tmp_path: Path) -> None:
    """A full disk at any point is an error in words;
    nothing is lost, and no half file or folder keeps a name."""
    base = (
        homes.untidy(tmp_path / "base")
        if scenario == "clean"
        else homes.two_models(tmp_path / "base")
    )
    before = invariants.look(base)
    for point, home, status in _failed_everywhere(scenario, "enospc", base, tmp_path / "out"):
        assert status == 1, f"{point}: {status}"
        now = invariants.check(home, before, pruned=scenario == "clean")
        if scenario != "clean":
            assert not [
                path
                for path in home.root.rglob(".t*")
                if path.name.startswith((".tmp-", ".trash-"))
            ], point
        again: Callable[..., int] = getattr(crash, f"do_{scenario}")
        assert again(home, now=crash.NOW + timedelta(hours=2)) == 0, point
        invariants.check(home, now, pruned=scenario == "clean")


def test_the_invariants_detect_damage(tmp_path: Path) -> None:
    """Each invariant can fail: a torn live file, a lost one, a skipped generation, a lost or
    torn backup."""

    def torn(path: Path) -> None:
        path.write_bytes(path.read_bytes()[:-1])

    def skipped(home: Home) -> None:
        homes.published(home, "NVDA", 2)
        homes.published(home, "NVDA", 3)

    breaks: dict[str, Callable[[Home], object]] = {
        "torn live": lambda home: torn(home.model("NVDA")),
        "lost live": lambda home: home.model("NVDA").unlink(),
        "skipped generation": skipped,
        "torn backup": lambda home: torn(next(home.models.glob("backup_*/nvda*"))),
        "lost backup": lambda home: next(home.models.glob("backup_*")).rename(home.root / "gone"),
        "half backup": (
            lambda home: next(home.models.glob("backup_*/manifest.json")).write_text("{")
        ),
    }
    for name, broken in breaks.items():
        home = homes.two_models(tmp_path / name)
        before = invariants.look(home)
        invariants.check(home, before)
        broken(home)
        with pytest.raises(Exception, match=r"I1|I2|I5|damaged"):
            invariants.check(home, before)
