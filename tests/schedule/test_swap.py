"""The write protocol: nothing foreign is ever lost silently, no failure of `crontab -l` leads to
a write."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.errors import RefusedError, StockmlError
from engine.core.paths import Home
from engine.schedule.block import find_block, foreign_bytes, splice
from engine.schedule.crontab import CrontabError
from engine.schedule.records import ConflictError
from engine.schedule.swap import OverwrittenError, swap
from engine.schedule.tab_copies import TabCopies
from tests.fake_clock import FakeClock
from tests.helpers import environment
from tests.schedule.fakes import FakeCrontab, standard_lines

HOME = Home(Path("/home/op/my stocks 100%"))
READ_FAILURES = ("silent", "garbled", "half", "denies", "nouid", "shows")
WRITE_FAILURES = ("reject", "refuse", "noop", "lost")

# Lines as real tabs hold them, and lines as nobody should write them.
_LINES = st.one_of(
    st.sampled_from(
        [
            b"5 4 * * * echo hi",
            b"\t5  4 * * *\techo tabs ",
            b"@daily echo a#b",
            b"0 22-2 * * * never",
            b'MAILTO="me@x"',
            b"  PATH=/bin:$HOME",
            b"A=1",
            b"# a comment",
            b"#5 4 * * * off",
            b"",
            b"   ",
            b"0 4 1-31 * 1 x",
            b"* * * * * date +\\%Y%in",
            b"# BEGIN something else",
            b"# stockml",
            b"x \xe9 latin",
            b"\xef\xbb\xbf# bom",
            b"# END ANSIBLE MANAGED BLOCK",
        ]
    ),
    st.binary(max_size=30).map(lambda raw: raw.replace(b"\n", b"")),
)
TABS = st.one_of(
    st.none(),
    st.builds(
        lambda lines, ended: b"\n".join(lines) + (b"\n" if ended else b""),
        st.lists(_LINES, max_size=12),
        st.booleans(),
    ),
)


def _backups(folder: Path) -> TabCopies:
    return TabCopies(folder / "state", FakeClock(datetime(2026, 3, 1, tzinfo=UTC)))


@pytest.fixture
def memory() -> Iterator[Path]:
    """A folder in memory where there is one: a thousand tabs are not to wait for a disk."""
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(
        prefix="stockml-", dir=shared if os.access(shared, os.W_OK) else None
    ) as folder:
        yield Path(folder)


@pytest.mark.parametrize(("part", "tabs"), [("install", 300), ("fail", 700)])
def test_of_a_thousand_tabs_no_byte_outside_our_block_changes(
    part: str, tabs: int, memory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Install and remove leave every foreign byte; every failure leaves the whole tab;
    a marker-like line is refused."""
    monkeypatch.setattr(
        os, "fsync", lambda _fd: None
    )  # what survives a power cut is not the question here
    # The program itself lies on the disk: memory is often mounted noexec.
    shared, backups = FakeCrontab(memory / "fake", program=tmp_path / "crontab"), _backups(memory)
    lines = standard_lines(HOME)
    tabs_seen = []

    @settings(max_examples=tabs)
    @given(tab=TABS, failure=st.sampled_from(READ_FAILURES + WRITE_FAILURES))
    def check(tab: bytes | None, failure: str) -> None:
        tabs_seen.append(tab)
        shared.tab = tab
        if re.search(rb"^\s*#\s*(BEGIN|END)\s+stockml\b", tab or b"", re.MULTILINE):
            with pytest.raises(RefusedError):
                splice(tab, HOME, lines)
            return
        if part == "fail":
            after = splice(tab, HOME, lines)
            with shared.fails(failure), pytest.raises(StockmlError):
                swap(shared.crontab, backups, HOME, approved=tab, after=after, reason="install")
            assert shared.tab == tab
            return
        swap(
            shared.crontab,
            backups,
            HOME,
            approved=tab,
            after=splice(tab, HOME, lines),
            reason="install",
        )
        installed = shared.tab
        ended = tab if not tab or tab.endswith(b"\n") else tab + b"\n"
        assert installed is not None and installed.startswith(ended or b"")
        assert foreign_bytes(installed, HOME) == (ended or b"")
        swap(
            shared.crontab,
            backups,
            HOME,
            approved=installed,
            after=splice(installed, HOME, ()),
            reason="remove",
        )
        assert shared.tab == ended

    check()
    assert len(tabs_seen) >= tabs


@pytest.mark.parametrize("failure", READ_FAILURES)
def test_a_failed_read_never_counts_as_an_empty_tab(failure: str, tmp_path: Path) -> None:
    """Whatever `crontab -l` says but `no crontab for`, nothing is written and the user reads
    why."""
    fake = FakeCrontab(tmp_path / "fake")
    fake.tab = b"5 4 * * * echo hi\n"
    with fake.fails(failure), pytest.raises(CrontabError) as caught:
        fake.crontab.read()
    assert "not changed" in caught.value.hint
    with fake.fails(failure), pytest.raises(CrontabError):
        swap(
            fake.crontab,
            _backups(tmp_path),
            HOME,
            approved=fake.tab,
            after=splice(fake.tab, HOME, standard_lines(HOME)),
            reason="install",
        )
    assert fake.writes == []


def test_a_warning_on_stderr_does_not_stop_a_write(tmp_path: Path) -> None:
    """`crontab -l` that exits 0 and warns gives the tab."""
    fake = FakeCrontab(tmp_path / "fake")
    fake.tab = b"5 4 * * * echo hi\n"
    with fake.fails("warns"):
        assert fake.crontab.read() == b"5 4 * * * echo hi\n"


@pytest.mark.parametrize("call", [1, 2, 3])
def test_a_foreign_write_before_the_install_is_a_conflict_and_stays(
    call: int, tmp_path: Path
) -> None:
    """Whatever another program adds up to our last look stands in the tab, and the user is told."""
    fake = FakeCrontab(tmp_path / "fake")
    fake.tab = b"5 4 * * * echo hi\n"
    fake.crontab.kind()
    approved = fake.crontab.read()
    fake.inject(call, b"7 7 * * * foreign\n")
    with pytest.raises(ConflictError):
        swap(
            fake.crontab,
            _backups(tmp_path),
            HOME,
            approved=approved,
            after=splice(approved, HOME, standard_lines(HOME)),
            reason="install",
        )
    assert fake.tab == b"5 4 * * * echo hi\n7 7 * * * foreign\n"
    assert fake.writes == []
    assert _backups(tmp_path).all() == ()


def test_a_foreign_write_after_the_install_is_reported_with_both_versions(tmp_path: Path) -> None:
    """A tab that is not the one written is an error that names the copy before and the tab
    intended."""
    fake = FakeCrontab(tmp_path / "fake")
    fake.tab = b"5 4 * * * echo hi\n"
    backups = _backups(tmp_path)
    after = splice(fake.tab, HOME, standard_lines(HOME))
    with fake.fails("after"), pytest.raises(OverwrittenError) as caught:
        swap(fake.crontab, backups, HOME, approved=fake.tab, after=after, reason="install")
    assert fake.tab is not None and b"foreign" in fake.tab
    kept = next(path for path in backups.folder.iterdir() if path.name.startswith("wanted-"))
    assert kept.read_bytes() == after and str(kept) in caught.value.hint
    assert [backup.tab() for backup in backups.all()] == [b"5 4 * * * echo hi\n"]


def test_a_torn_install_is_reported(tmp_path: Path) -> None:
    """A crontab program that says done and wrote half is found out by the read-back."""
    fake = FakeCrontab(tmp_path / "fake")
    fake.tab = b"5 4 * * * echo hi\n"
    with fake.fails("torn"), pytest.raises(OverwrittenError):
        swap(
            fake.crontab,
            _backups(tmp_path),
            HOME,
            approved=fake.tab,
            after=splice(fake.tab, HOME, standard_lines(HOME)),
            reason="install",
        )


def test_a_program_killed_after_it_wrote_counts_as_written(tmp_path: Path) -> None:
    """What stands decides, not the exit code."""
    fake = FakeCrontab(tmp_path / "fake")
    fake.tab = b"5 4 * * * echo hi\n"
    after = splice(fake.tab, HOME, standard_lines(HOME))
    with fake.fails("killed"):
        assert swap(
            fake.crontab,
            _backups(tmp_path),
            HOME,
            approved=fake.tab,
            after=after,
            reason="install",
        ).changed
    assert fake.tab == after


@pytest.mark.parametrize("failure", WRITE_FAILURES)
def test_a_failed_write_changes_nothing_and_leaves_no_copy(failure: str, tmp_path: Path) -> None:
    """A tab that cron rejects is not changed, no temporary file stays, and there is nothing to
    undo."""
    fake = FakeCrontab(tmp_path / "fake")
    fake.tab = b"5 4 * * * echo hi\n"
    backups = _backups(tmp_path)
    with fake.fails(failure), pytest.raises(StockmlError):
        swap(
            fake.crontab,
            backups,
            HOME,
            approved=fake.tab,
            after=splice(fake.tab, HOME, standard_lines(HOME)),
            reason="install",
        )
    assert fake.tab == b"5 4 * * * echo hi\n"
    assert backups.all() == ()
    assert (
        sorted(path.name for path in backups.state.iterdir()) == ["crontab-backups", "crontab.lock"]
        or failure == "refuse"
    )
    assert not list(backups.state.glob(".tmp-*"))


def test_the_same_tab_is_not_written(tmp_path: Path) -> None:
    """No change means no call that writes and no copy."""
    fake = FakeCrontab(tmp_path / "fake")
    fake.tab = b"x\n"
    assert not swap(
        fake.crontab, _backups(tmp_path), HOME, approved=b"x\n", after=b"x\n", reason="install"
    ).changed
    assert fake.calls == ["-l", "-V", "-h"]


def test_a_change_outside_our_block_is_refused(tmp_path: Path) -> None:
    """Even our own code cannot write a tab whose foreign bytes differ."""
    fake = FakeCrontab(tmp_path / "fake")
    fake.tab = b"a\nb\n"
    after = splice(b"a\n", HOME, standard_lines(HOME))
    with pytest.raises(RefusedError, match="not stockml's"):
        swap(
            fake.crontab,
            _backups(tmp_path),
            HOME,
            approved=b"a\nb\n",
            after=after,
            reason="install",
        )
    assert fake.writes == []


def test_a_tab_that_we_made_is_removed_not_emptied(tmp_path: Path) -> None:
    """Where there was no crontab before, taking our block out leaves no crontab, by `crontab
    -r`."""
    fake = FakeCrontab(tmp_path / "fake")
    backups = _backups(tmp_path)
    swap(
        fake.crontab,
        backups,
        HOME,
        approved=None,
        after=splice(None, HOME, standard_lines(HOME)),
        reason="install",
    )
    swap(
        fake.crontab,
        backups,
        HOME,
        approved=fake.tab,
        after=splice(fake.tab, HOME, ()),
        reason="remove",
    )
    assert fake.tab is None and fake.writes[-1] == "-r"


def test_only_the_implementation_that_has_a_dry_run_is_asked_for_one(tmp_path: Path) -> None:
    """`-n` on Debian, `-T` on cronie, where -n would set a cluster host, none where neither is
    known."""
    for kind, option in (("debian", "-n"), ("cronie", "-T"), ("busybox", None)):
        fake = FakeCrontab(tmp_path / kind, kind)
        swap(
            fake.crontab,
            _backups(tmp_path / kind),
            HOME,
            approved=None,
            after=splice(None, HOME, standard_lines(HOME)),
            reason="install",
        )
        used = {call.split()[0] for call in fake.calls} & {"-n", "-T"}
        assert used == ({option} if option else set())


@pytest.mark.parametrize("point", ["crontab.copied", "crontab.installed"])
def test_a_kill_at_any_step_leaves_the_old_or_the_new_tab(point: str, tmp_path: Path) -> None:
    """After a kill before the install the old tab stands, after it the new one;
    the next write works."""
    fake = FakeCrontab(tmp_path / "fake")
    fake.tab = b"5 4 * * * echo hi\n"
    done = _write_process(
        tmp_path,
        tmp_path / "home",
        1,
        fake.program,
        STOCKML_TEST="1",
        STOCKML_FAILPOINTS=f"{point}=kill",
    )
    done.communicate("go\n", timeout=120)
    assert done.returncode == -9
    home = Home(tmp_path / "home")
    assert foreign_bytes(fake.tab, home) == b"5 4 * * * echo hi\n"
    assert (find_block(fake.tab, home) is None) == (point == "crontab.copied")
    swap(
        fake.crontab,
        _backups(tmp_path),
        home,
        approved=fake.tab,
        after=splice(fake.tab, home, standard_lines(home)),
        reason="install",
    )
    assert find_block(fake.tab, home) is not None


def test_two_writers_of_two_hundred_rounds_lose_nothing(tmp_path: Path, memory: Path) -> None:
    """Every change of both stands in the end, once; the foreign lines stay;
    who came too late was told."""
    fake = FakeCrontab(memory / "fake", program=tmp_path / "crontab")
    foreign = b"MAILTO=me\n5 4 * * * echo hi\n# a comment \n"
    fake.tab = foreign
    writers = [
        _write_process(memory, tmp_path / name, 200, fake.program) for name in ("one", "two")
    ]
    assert [writer.stdout.readline() for writer in writers if writer.stdout] == ["ready\n"] * 2
    for (
        writer
    ) in writers:  # both stand at the start: the one may not be done before the other begins
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    conflicts = [int(writer.communicate(timeout=500)[0]) for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0]
    tab = fake.tab
    assert tab is not None and tab.startswith(foreign)
    assert tab.count(b"# BEGIN stockml") == tab.count(b"# END stockml") == 2
    for name in ("one", "two"):
        block = find_block(tab, Home(tmp_path / name))
        assert block is not None and block.lines[0].expression == "19 3 * * 0"
    assert (
        foreign_bytes(foreign_bytes(tab, Home(tmp_path / "one")), Home(tmp_path / "two")) == foreign
    )
    assert len(fake.writes) == 400
    assert sum(conflicts) > 0


_WRITER = """
import os, sys
os.fsync = lambda fd: None  # what survives a power cut is not the question here
from pathlib import Path
from engine.core.clock import SystemClock
from engine.core.paths import Home
from engine.schedule.tab_copies import TabCopies
from engine.schedule.block import splice
from engine.schedule.crontab import Crontab
from engine.schedule.job_lines import JobLine
from engine.schedule.swap import ConflictError, swap

folder, home, rounds = Path(sys.argv[1]), Home(Path(sys.argv[2])), int(sys.argv[3])
crontab, backups = Crontab((sys.argv[4],)), TabCopies(folder / "state", SystemClock())
conflicts = 0
print("ready", flush=True)
sys.stdin.readline()
for number in range(rounds):
    command = f"/bin/stockml cron-run weekly --home {home.root}"
    line = JobLine("weekly", f"{number % 60} {number // 60} * * 0", command)
    while True:
        tab = crontab.read()
        try:
            after = splice(tab, home, (line,))
            swap(crontab, backups, home, approved=tab, after=after, reason="set")
            break
        except ConflictError:
            conflicts += 1
print(conflicts)
"""


def _write_process(
    folder: Path, home: Path, rounds: int, program: Path, **more: str
) -> subprocess.Popen[str]:
    argv = [sys.executable, "-c", _WRITER, str(folder), str(home), str(rounds), str(program)]
    return subprocess.Popen(
        argv,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment(**more),
        cwd=Path.cwd(),
    )
