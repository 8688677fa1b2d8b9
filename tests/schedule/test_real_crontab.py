"""The round trip through Debian's own crontab program, as a throw-away user.

Root's tab is never touched.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.clock import SystemClock
from engine.core.paths import Home
from engine.schedule.block import splice
from engine.schedule.crontab import CronKind, Crontab, CrontabError
from engine.schedule.job_lines import JobLine, with_line
from engine.schedule.swap import swap
from engine.schedule.tab_copies import TabCopies
from tests.schedule.corpus import CORPUS
from tests.schedule.fakes import standard_lines
from tests.schedule.realcron import SPOOL, needs_crontab, throwaway_user

pytestmark = needs_crontab
HOME = Home(Path("/home/op/my stocks 100% it's"))


@pytest.fixture(scope="module")
def user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with throwaway_user(tmp_path_factory.mktemp("user")) as name:
        yield name


@pytest.fixture
def crontab(user: str) -> Iterator[Crontab]:
    yield Crontab(("crontab", "-u", user))
    (SPOOL / user).unlink(missing_ok=True)


def _spooled(user: str) -> bytes | None:
    """The truth on the disk, without the three lines that crontab puts before it."""
    path = SPOOL / user
    return path.read_bytes().split(b"\n", 3)[3] if path.exists() else None


def _round_trip(crontab: Crontab, user: str, tab: bytes | None, folder: Path) -> bool:
    """Install, pause, remove; False when cron itself refuses the tab."""
    file = folder / "tab"
    if tab is not None:
        file.write_bytes(tab)
        try:
            crontab.install(file)
        except CrontabError:
            return False
    backups, lines = TabCopies(folder / "state", SystemClock()), standard_lines(HOME)
    assert crontab.read() == tab == _spooled(user)
    installed = splice(tab, HOME, lines)
    swap(crontab, backups, HOME, approved=tab, after=installed, reason="install")
    assert _spooled(user) == installed
    paused = splice(
        installed,
        HOME,
        with_line(lines, JobLine("clean", "0 3 * * *", lines[-1].command, enabled=False)),
    )
    swap(crontab, backups, HOME, approved=installed, after=paused, reason="disable")
    swap(crontab, backups, HOME, approved=paused, after=splice(paused, HOME, ()), reason="remove")
    # The newline that we added for cron stays; it takes a last comment without one, but no last
    # job.
    assert _spooled(user) == (tab if not tab or tab.endswith(b"\n") else tab + b"\n")
    return True


def test_the_crontab_program_is_debians(crontab: Crontab) -> None:
    """Told by its own usage."""
    assert crontab.kind() is CronKind.DEBIAN


def test_no_tab_stays_no_tab(crontab: Crontab, user: str, tmp_path: Path) -> None:
    """Where there was no crontab, none is left."""
    assert crontab.read() is None
    assert _round_trip(crontab, user, None, tmp_path)
    assert not (SPOOL / user).exists()


def test_the_corpus_comes_back_byte_for_byte(
    crontab: Crontab, user: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of every tab that cron itself accepts, no byte is another after install, pause and remove."""
    monkeypatch.setattr(os, "fsync", lambda _fd: None)
    accepted = [tab for tab in CORPUS if _round_trip(crontab, user, tab, tmp_path)]
    assert len(accepted) >= 70


_BYTES = st.binary(min_size=1, max_size=40).map(lambda raw: raw.replace(b"\n", b"\r"))
# Lines that cron takes, holding any bytes but a line break.
_LINES = st.one_of(
    _BYTES.map(lambda raw: b"# " + raw),
    _BYTES.map(lambda raw: b"5 4 * * 1 echo " + raw),
    _BYTES.map(lambda raw: b"\t*/5\t* * * *  x" + raw),
    st.sampled_from(
        [
            b"",
            b"  \t",
            b"A=1",
            b"MAILTO = me",
            b'X="a b"',
            b"@daily echo a#b",
            b"0 22-2 * * * never",
            b"0 9 * * 1#2 x",
        ]
    ),
)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_generated_tabs_come_back_byte_for_byte(
    crontab: Crontab, user: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thousand tabs of odd lines and arbitrary bytes."""
    monkeypatch.setattr(os, "fsync", lambda _fd: None)
    done = []

    @settings(max_examples=1000)
    @given(lines=st.lists(_LINES, max_size=12))
    def check(lines: list[bytes]) -> None:
        (SPOOL / user).unlink(missing_ok=True)
        done.append(_round_trip(crontab, user, b"".join(line + b"\n" for line in lines), tmp_path))

    check()
    assert len(done) >= 1000 and sum(done) > 900


def test_a_tab_put_in_place_by_hand_keeps_its_first_comments(
    crontab: Crontab, user: str, tmp_path: Path
) -> None:
    """Without a header and without a last newline, as an image build leaves it;
    `-l` alone would drop the comments."""
    path = SPOOL / user
    path.write_bytes(b"# one\n# two\n# three\n0 1 * * * x")
    path.chmod(0o600)
    tab = crontab.read()
    assert tab == b"# one\n# two\n# three\n0 1 * * * x"
    swap(
        crontab,
        TabCopies(tmp_path / "state", SystemClock()),
        HOME,
        approved=tab,
        after=splice(tab, HOME, standard_lines(HOME)),
        reason="install",
    )
    spooled = _spooled(user)
    assert spooled is not None and spooled.startswith(tab + b"\n# BEGIN stockml")


def test_a_state_folder_may_have_a_long_path(crontab: Crontab, user: str, tmp_path: Path) -> None:
    """crontab cuts a file's path after 99 characters; ours is named from its own folder."""
    folder = tmp_path / ("x" * 120)
    assert swap(
        crontab,
        TabCopies(folder, SystemClock()),
        HOME,
        approved=None,
        after=splice(None, HOME, standard_lines(HOME)),
        reason="install",
    ).changed
    assert crontab.read() == splice(None, HOME, standard_lines(HOME))


def test_a_foreign_line_that_cron_refuses_stops_the_install_and_changes_nothing(
    crontab: Crontab, user: str, tmp_path: Path
) -> None:
    """A tab that is broken already is told in cron's words;
    the dry run stands before the install."""
    path = SPOOL / user
    path.write_bytes(b"0 1 * * * x\n61 * * * * bad\n")
    path.chmod(0o600)
    tab = crontab.read()
    with pytest.raises(CrontabError, match="bad minute"):
        swap(
            crontab,
            TabCopies(tmp_path / "state", SystemClock()),
            HOME,
            approved=tab,
            after=splice(tab, HOME, standard_lines(HOME)),
            reason="install",
        )
    assert path.read_bytes() == b"0 1 * * * x\n61 * * * * bad\n"
