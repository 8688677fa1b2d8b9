"""The real console on a real home, in a real terminal: how it is lost, what it is shown, how
much it must read."""

from __future__ import annotations

import os
import random
import re
import signal
import sqlite3
import sys
import termios
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.core.paths import Home
from engine.core.records import JobState
from engine.runs.spec import new_run_id, run_folder
from engine.runs.store import RunStore
from tests.helpers import new_home, stockml, wait_for
from tests.tui.helpers import PtyConsole

Opener = Callable[..., PtyConsole]
_LONG = {
    "market__simulated_sessions": 520,
    "training__early_stopping": False,
    "training__epochs": 4,
}
# What no byte of a log may become: title, clipboard, clearing, other charsets, C1 controls,
# reordering marks.
_EVIL = (
    b"\x1b]52;c;RVZJTA==\x07",
    b"\x1b]0;EVIL\x07",
    b"\x1b[2J",
    b"\x1b[1;1H",
    b"\x9b31m",
    b"\xc2\x9b2J",
    b"\x1bPEVIL\x1b\\",
    b"\x07",
    b"\x08\x08\x08",
    b"\x1b(0",
    b"\x1bc",
    b"\x1b[?1049l",
    b"\xff\xfe",
    b"\x00",
    b"\xe2\x80\xae",
    b"\r",
    b"\x1b]8;;http://EVIL\x1b\\",
)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return new_home(tmp_path / "home", market__source="simulated", **_LONG)


@pytest.fixture
def console(home: Home) -> Iterator[Opener]:
    """Opens consoles of the real program and leaves none behind."""
    made: list[PtyConsole] = []

    def start(shell: str = "", reading: bool = True) -> PtyConsole:
        line = [sys.executable, "-m", "engine.cli", "--home", str(home.root)]
        made.append(
            PtyConsole(
                home.root,
                reading=reading,
                program=["/bin/sh", "-c", shell, *line] if shell else line,
            )
        )
        return made[-1]

    yield start
    for found in made:
        found.close()
    for run in RunStore(home).live():
        stockml("runs", "cancel", run.id, "--home", str(home.root))
    wait_for(lambda: not RunStore(home).live(), 60, "the end of every run")


def peak_mb(found: PtyConsole) -> float:
    """The most memory that the console has had."""
    text = Path(f"/proc/{found.pid}/status").read_text()
    return int(re.findall(r"VmHWM:\s+(\d+)", text)[0]) / 1024


LOSSES: dict[str, tuple[str, int]] = {
    "sigterm": ("", 143),
    "sighup": ("", 129),
    "closed": ("", 129),
    # nohup and some wrappers: no signal tells of the lost terminal
    "closed, hang-up ignored": ('trap "" HUP; exec "$0" "$@"', 129),
}


@pytest.mark.parametrize("loss", LOSSES)
def test_however_the_console_is_lost_its_training_goes_on(
    loss: str, home: Home, console: Opener
) -> None:
    """The console ends at once with its own code, the terminal is given back, and the run it
    started ends done."""
    shell, code = LOSSES[loss]
    found = console(shell, reading=loss in ("sigterm", "sighup"))
    if loss.startswith("closed"):
        wait_for(lambda: _drawn(found, b"SPY"), 40, "the first screen")
    else:
        found.see("SPY")
    members = ("--members", "naive,enhanced")
    assert (
        stockml("train", "NVDA", "TSLA", *members, "--detach", "--home", str(home.root)).returncode
        == 0
    )
    if loss.startswith("closed"):
        found.hang_up()
    else:
        found.kill(signal.SIGTERM if loss == "sigterm" else signal.SIGHUP)

    assert found.wait() == code
    if loss == "sigterm":
        wait_for(lambda: b"\x1b[?1049l" in found.raw, 10, "the main screen")
        assert termios.tcgetattr(found.fd)[:4] == found.found[:4]
    run = wait_for(
        lambda: (runs := RunStore(home).recent(1)) and runs[0].state.ended and runs[0],
        120,
        "the end of the run",
    )
    assert [job.state for job in run.jobs] == [JobState.DONE, JobState.DONE]


def _drawn(found: PtyConsole, text: bytes) -> bool:
    found.raw += os.read(found.fd, 65536)
    return text in found.raw


def test_a_terminal_that_stops_reading_never_slows_a_run(home: Home, console: Opener) -> None:
    """With a console whose output nobody reads, a run of the same home ends done, and the
    console still obeys SIGTERM."""
    found = console(reading=False)
    wait_for(lambda: _drawn(found, b"SPY"), 40, "the first screen")
    ran = stockml("train", "NVDA", "--members", "naive,enhanced", "--home", str(home.root))

    assert ran.returncode == 0, ran.stderr
    found.kill(signal.SIGTERM)
    assert found.wait() == 143


def test_ten_thousand_hostile_log_lines(home: Home, console: Opener) -> None:
    """Whatever a log holds, its text reaches the screen and none of its control sequences does."""
    chance = random.Random(7)
    home.training_log.parent.mkdir(parents=True)
    with home.training_log.open("wb") as log:
        for number in range(10_000):
            pieces = [
                b"NVDA line %d " % number,
                *chance.choices(_EVIL, k=3),
                chance.randbytes(chance.randint(0, 20)),
            ]
            log.write(b"".join(pieces).replace(b"\n", b" ") + b"\n")
        log.write(b"NVDA the true end\n")
    found = console()
    found.see("SPY")
    found.send(b"l")
    found.see("the true end")
    found.see(
        "/=NVDA: 10,001"
    )  # every line is indexed and searched: until then a page may stand still
    shown: set[str] = set()
    for key in (b"g", b"\x1b[6~", b"\x1b[6~", b"G", b"\x1b[5~", b"\x1b[5~", b"s", b"g", b"G"):
        before = _lines_of(found)
        found.send(key)
        wait_for(
            lambda key=key, before=before: key == b"s" or _lines_of(found) - before,  # type: ignore[misc]
            what=f"a page for {key!r}",
        )
        shown |= _lines_of(found)
    found.see("the true end")
    found.send(b"q")
    found.see("retrain")
    found.send(b"q")

    assert found.wait() == 0
    raw = bytes(found.raw).replace(
        b"\x1b]22;default\x07", b""
    )  # the shape of the mouse pointer, Textual's own
    raw = raw.replace(b"\x1b[0m\x1b[2J\x1b[H", b"", 1)  # the console erases its page when it ends
    assert len(shown) > 30, shown
    # Modes that Textual itself sets and queries end in h, l, p, n, c, u; a log line could ask for
    # no other.
    for bad in (
        b"EVIL",
        b"]52;",
        b"]0;",
        b"]8;",
        b"\x07",
        b"\x1b[2J",
        b"\x08",
        b"\x1bc",
        b"\x1b(0",
        b"\x1bP",
        b"\xe2\x80\xae",
        b"\x00",
    ):
        assert bad not in raw, bad
    assert not re.search(rb"\xc2[\x80-\x9f]", raw)
    raw.decode("utf-8")


def _lines_of(found: PtyConsole) -> set[str]:
    """The numbers of the log's lines that stand on the screen."""
    return set(re.findall(r"line \d+", found.text))


def test_a_log_of_one_gigabyte(home: Home, console: Opener) -> None:
    """Its end is shown, in the console and in the plain page, with the memory of a small one."""
    home.training_log.parent.mkdir(parents=True)
    with home.training_log.open("wb") as log:
        log.truncate(2**30)
        log.seek(2**30)
        log.writelines(b"[INFO] NVDA line %d\n" % number for number in range(5000))
        log.write(b"[INFO] NVDA the true end\n")
    found = console()
    found.see("SPY")
    found.send(b"l")
    found.see("the true end")

    assert peak_mb(found) < 150
    found.send(b"\x11")
    assert found.wait() == 0
    shown = stockml("dashboard", "--home", str(home.root))
    assert shown.returncode == 0, shown.stderr
    planned = stockml("clean", "--dry-run", "--home", str(home.root))
    assert "logs/training/training.log: 1.1 GB" in planned.stdout, (
        planned.stdout
    )  # 1,074 MB, over the 20 that are kept


@pytest.mark.parametrize("fault", ["damaged", "locked"])
def test_the_console_opens_without_its_history(fault: str, home: Home, console: Opener) -> None:
    """A history.db that is damaged, or held by another writer for long, costs its own part: the
    rows stand, and it is said."""
    home.data.mkdir(exist_ok=True)
    with closing(sqlite3.connect(home.history, isolation_level=None)) as writer:
        writer.execute("CREATE TABLE other (value)")
        if fault == "locked":
            writer.execute("BEGIN EXCLUSIVE")
        else:
            home.history.write_bytes(b"not a database, whatever its name says " * 100)
        found = console()
        found.see("SPY")
        found.see("history cannot be read")
        found.send(b"q")
        assert found.wait() == 0


@pytest.mark.parametrize("count", [2_000, pytest.param(10_000, marks=pytest.mark.soak)])
def test_thousands_of_finished_runs(home: Home, console: Opener, count: int) -> None:
    """The console opens on them and shows the newest, with the memory of a few;
    `runs list` and `clean` read them too."""
    assert stockml("train", "NVDA", "--members", "naive", "--home", str(home.root)).returncode == 0
    (first,) = RunStore(home).recent(1)
    begun = datetime(2025, 1, 1, tzinfo=UTC)
    for minute in range(count):
        folder = run_folder(home, new_run_id(begun + timedelta(minutes=minute)))
        folder.path.mkdir()
        folder.result.hardlink_to(run_folder(home, first.id).result)
    found = console()
    found.see("NVDA")
    found.see("SPY")

    assert peak_mb(found) < 150
    found.send(b"q")
    assert found.wait() == 0
    listed = stockml("runs", "list", "--limit", "5", "--home", str(home.root))
    assert first.id in listed.stdout.splitlines()[1]
    cleaned = stockml("clean", "--yes", "--home", str(home.root))
    assert cleaned.returncode == 0, cleaned.stderr
    assert len(RunStore(home).ids()) == 500
    assert first.id in RunStore(home).ids()
