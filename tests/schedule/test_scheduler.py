"""The schedule of a home: install, change, pause, undo, move, and never more than was asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from engine.core.errors import RefusedError, UsageError
from engine.core.paths import Home
from engine.schedule.block import foreign_bytes
from engine.schedule.crontab import Crontab, CrontabError
from engine.schedule.drafts import Draft, EditPolicy
from engine.schedule.fields import ExpressionError
from engine.schedule.job_lines import JobLine
from engine.schedule.records import Backend, ConflictError, Daemon
from engine.schedule.scheduler import Scheduler
from tests.fake_clock import FakeClock
from tests.schedule.corpus import CORPUS
from tests.schedule.fakes import FakeCrontab

PROGRAM = Path("/bin/true")
FOREIGN = b"MAILTO=me\n5 4 * * * echo hi\n# a comment \n"
NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)


class Desk:
    """A scheduler on a fake crontab, with a clock that moves."""

    def __init__(
        self,
        folder: Path,
        running: bool = True,
        home: Home | None = None,
        crontab: Crontab | None = None,
    ) -> None:
        self.fake = FakeCrontab(folder / "fake")
        self.clock = FakeClock(NOW)
        self.scheduler = Scheduler(
            home or Home(folder / "home"),
            self.clock,
            crontab=crontab or self.fake.crontab,
            state=folder / "state",
            units=folder / "units",
            zone=ZoneInfo("America/New_York"),
            daemon=lambda: Daemon(
                running,
                7 if running else None,
                since=None,
                detail="" if running else "no process is named cron",
            ),
        )

    def write(self, draft: Draft) -> tuple[str, ...]:
        self.clock.advance(timedelta(minutes=1))
        return self.scheduler.write(draft)[1]

    def install(
        self, *names: str, edits: EditPolicy = EditPolicy.REFUSE, reset: bool = False
    ) -> Draft:
        return self.scheduler.install(
            self.scheduler.current(Backend.CRONTAB, edits), names, PROGRAM, reset=reset
        )

    @property
    def lines(self) -> dict[str, tuple[str, bool]]:
        return {
            line.job: (line.expression, line.enabled) for line in self.scheduler.current().lines
        }


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


STANDARD = {
    "weekly": ("0 2 * * 0", True),
    "performance": ("0 6,12,18 * * 1-5", True),
    "monthly": ("0 1 1 * *", True),
    "clean": ("0 3 * * *", True),
}


def test_a_home_of_two_names_is_scheduled_once(desk: Desk, tmp_path: Path) -> None:
    """Through a symbolic link the jobs would start twice: the first name's block is named, and
    nothing is written."""
    desk.scheduler.home.root.mkdir(exist_ok=True)
    desk.write(desk.install())
    before = desk.fake.tab
    (tmp_path / "other name").symlink_to(desk.scheduler.home.root)
    linked = Desk(tmp_path, home=Home(tmp_path / "other name"))
    with pytest.raises(
        RefusedError, match=f"already in the crontab, as {tmp_path}/home: each would start twice"
    ):
        linked.write(linked.install())
    assert before == desk.fake.tab
    desk.write(desk.scheduler.remove(desk.scheduler.current()))
    linked.write(linked.install())
    assert linked.lines == STANDARD


def test_the_first_install_brings_the_guides_jobs_and_a_second_changes_nothing(desk: Desk) -> None:
    """The four times of the guide; then no difference and no write."""
    desk.fake.tab = FOREIGN
    desk.write(desk.install())
    assert desk.lines == STANDARD and foreign_bytes(desk.fake.tab, desk.scheduler.home) == FOREIGN
    before, writes = desk.fake.tab, len(desk.fake.writes)
    again = desk.install()
    assert not again.changed and again.diff == ()
    assert not desk.scheduler.write(again)[0].changed
    assert desk.fake.tab == before and len(desk.fake.writes) == writes


def test_an_install_keeps_changed_times_and_adds_the_named_jobs(desk: Desk) -> None:
    """A later install never resets a time; --reset does."""
    desk.write(desk.install())
    desk.write(desk.scheduler.set(desk.scheduler.current(), "weekly", "0 4 * * sun"))
    desk.write(desk.install("health", "serve"))
    assert desk.lines == {
        **STANDARD,
        "weekly": ("0 4 * * 0", True),
        "health": ("30 7 * * *", True),
        "serve": ("@reboot", True),
    }
    desk.write(desk.install("weekly", reset=True))
    assert desk.lines["weekly"] == ("0 2 * * 0", True)


def test_installing_one_named_job_warns_that_the_standard_ones_are_missing(
    desk: Desk,
) -> None:
    """On an empty tab `install health` adds that one and says so; `install` then adds the four;
    one taken out stays out."""
    alone = desk.install("health")
    assert "only health: none of the standard jobs is in the schedule" in alone.warnings[0]
    desk.write(alone)
    assert desk.lines == {"health": ("30 7 * * *", True)}
    desk.write(desk.install())
    assert desk.lines == {**STANDARD, "health": ("30 7 * * *", True)}
    desk.write(desk.scheduler.remove(desk.scheduler.current(), ["monthly"]))
    again = desk.install()
    assert (again.changed, again.warnings, "monthly" in desk.lines) == (False, (), False)


def test_an_install_writes_the_new_path_of_the_program(desk: Desk) -> None:
    """A moved environment is repaired by `install`; times and pauses stay."""
    desk.write(desk.install())
    desk.write(desk.scheduler.enable(desk.scheduler.current(), ["clean"], enabled=False))
    base = desk.scheduler.current()
    desk.write(desk.scheduler.install(base, (), Path("/bin/false")))
    assert all(
        line.command.startswith("/bin/false cron-run") for line in desk.scheduler.current().lines
    )
    assert desk.lines == {**STANDARD, "clean": ("0 3 * * *", False)}


def test_pause_resume_and_remove(desk: Desk) -> None:
    """A paused job keeps its time; a removed one is gone; the last one takes the block along."""
    desk.fake.tab = FOREIGN
    desk.write(desk.install())
    desk.write(desk.scheduler.enable(desk.scheduler.current(), ["clean", "weekly"], enabled=False))
    assert desk.lines["clean"] == ("0 3 * * *", False) and desk.lines["weekly"] == (
        "0 2 * * 0",
        False,
    )
    desk.write(desk.scheduler.enable(desk.scheduler.current(), ["clean"], enabled=True))
    assert desk.lines["clean"] == ("0 3 * * *", True)
    desk.write(desk.scheduler.remove(desk.scheduler.current(), ["monthly"]))
    assert "monthly" not in desk.lines
    desk.write(desk.scheduler.remove(desk.scheduler.current()))
    assert desk.fake.tab == FOREIGN and desk.scheduler.in_use() is None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("weekly", "0 22-2 * * *"),
        ("weekly", "@reboot"),
        ("clean", "0 0 31 2 *"),
        ("serve", "@daily"),
    ],
)
def test_a_time_that_never_fires_is_refused_and_nothing_written(
    name: str, text: str, desk: Desk
) -> None:
    """The grammar stands before the crontab."""
    desk.write(desk.install("serve"))
    writes = len(desk.fake.writes)
    with pytest.raises(ExpressionError):
        desk.scheduler.set(desk.scheduler.current(), name, text)
    assert len(desk.fake.writes) == writes


def test_a_job_that_is_not_installed_cannot_be_changed(desk: Desk) -> None:
    """The hint says how to add it; an unknown name is told with the nearest."""
    with pytest.raises(UsageError, match="weekly is not in the schedule"):
        desk.scheduler.set(desk.scheduler.current(), "weekly", "0 4 * * 0")
    with pytest.raises(UsageError, match="weekle"):
        desk.scheduler.enable(desk.scheduler.current(), ["weekle"], enabled=True)


def _operations(desk: Desk) -> Iterator[Draft]:
    """Every kind of change, each from what then stands."""
    scheduler = desk.scheduler
    steps: list[Callable[[], Draft]] = [
        lambda: desk.install(),
        lambda: scheduler.set(scheduler.current(), "weekly", "30 4 * * 6"),
        lambda: scheduler.enable(scheduler.current(), ["clean"], enabled=False),
        lambda: desk.install("serve"),
        lambda: scheduler.enable(scheduler.current(), ["clean"], enabled=True),
        lambda: scheduler.remove(scheduler.current(), ["monthly"]),
        lambda: scheduler.remove(scheduler.current()),
    ]
    for step in steps:
        draft = step()
        desk.write(draft)
        yield draft


@pytest.mark.parametrize("tab", [None, FOREIGN, b"", CORPUS[12], CORPUS[54], CORPUS[75]])
def test_undo_after_any_change_restores_the_bytes_before(tab: bytes | None, desk: Desk) -> None:
    """One undo a change, back to the very first tab; where there was none, there is none again."""
    desk.fake.tab = tab
    before = []
    for draft in _operations(desk):
        before.append(draft.base.tab)
        assert desk.fake.tab == draft.after
    for tab in reversed(before):
        desk.write(desk.scheduler.undo())
        assert desk.fake.tab == tab
    assert desk.fake.tab == tab
    with pytest.raises(UsageError, match="nothing to undo"):
        desk.scheduler.undo()


def test_undo_keeps_later_changes_of_others(desk: Desk) -> None:
    """Where the tab was changed after our write, our block alone goes back."""
    desk.fake.tab = FOREIGN
    desk.write(desk.install())
    desk.write(desk.scheduler.set(desk.scheduler.current(), "weekly", "30 4 * * 6"))
    assert desk.fake.tab is not None
    desk.fake.tab = b"# new first line\n" + desk.fake.tab + b"7 7 * * * new last line\n"
    desk.write(desk.scheduler.undo())
    assert desk.lines == STANDARD
    assert (
        foreign_bytes(desk.fake.tab, desk.scheduler.home)
        == b"# new first line\n" + FOREIGN + b"7 7 * * * new last line\n"
    )
    desk.write(desk.scheduler.undo())
    assert desk.fake.tab == b"# new first line\n" + FOREIGN + b"7 7 * * * new last line\n"


def test_a_draft_is_good_for_the_tab_it_was_made_for_only(desk: Desk) -> None:
    """A change since the look is a conflict; the foreign change stands."""
    desk.fake.tab = FOREIGN
    draft = desk.install()
    desk.fake.tab = FOREIGN + b"7 7 * * * new\n"
    with pytest.raises(ConflictError):
        desk.write(draft)
    assert desk.fake.tab == FOREIGN + b"7 7 * * * new\n"


def test_reading_and_drafting_write_nothing(tmp_path: Path, desk: Desk) -> None:
    """No file, no folder, no call that writes, until `write`."""
    desk.fake.tab = FOREIGN
    before = sorted(path for path in tmp_path.rglob("*") if "fake" not in path.parts)
    desk.install()
    desk.scheduler.current()
    desk.scheduler.history()
    assert sorted(path for path in tmp_path.rglob("*") if "fake" not in path.parts) == before
    assert desk.fake.writes == []


def test_an_edit_by_hand_is_refused_until_it_is_adopted_or_overwritten(desk: Desk) -> None:
    """Nothing touches an edited block by itself; both ways out work."""
    desk.write(desk.install())
    desk.write(desk.scheduler.enable(desk.scheduler.current(), ["clean"], enabled=False))
    assert desk.fake.tab is not None
    edited = desk.fake.tab.replace(b"0 2 * * 0", b"15 2 * * 0")
    desk.fake.tab = edited
    for attempt in (desk.scheduler.current, desk.install, desk.scheduler.undo):
        with pytest.raises(RefusedError, match="edited by hand"):
            attempt()
    assert desk.fake.tab == edited
    desk.write(desk.install(edits=EditPolicy.ADOPT))
    assert desk.lines == {**STANDARD, "weekly": ("15 2 * * 0", True), "clean": ("0 3 * * *", False)}
    desk.fake.tab = desk.fake.tab.replace(b"15 2 * * 0", b"* * * * *")
    desk.write(desk.install(edits=EditPolicy.OVERWRITE))
    assert desk.lines == {**STANDARD, "weekly": ("15 2 * * 0", True), "clean": ("0 3 * * *", False)}


def test_a_foreign_line_in_the_block_is_never_dropped_silently(desk: Desk) -> None:
    """Adopting refuses and names it; overwriting shows it in the difference."""
    desk.write(desk.install())
    assert desk.fake.tab is not None
    desk.fake.tab = desk.fake.tab.replace(b"# END", b"9 9 * * * my own\n# END")
    with pytest.raises(RefusedError, match="9 9 \\* \\* \\* my own"):
        desk.install(edits=EditPolicy.ADOPT)
    assert "-9 9 * * * my own" in desk.install(edits=EditPolicy.OVERWRITE).diff


def test_without_a_daemon_the_block_is_installed_with_a_warning(tmp_path: Path) -> None:
    """Installing succeeds; the user is told that nothing fires."""
    desk = Desk(tmp_path, running=False)
    notes = desk.write(desk.install())
    assert desk.lines == STANDARD and any(
        "nothing fires until one is started" in text for text in notes
    )


def test_a_draft_warns_of_clock_changes_clashes_and_the_or_rule(desk: Desk) -> None:
    """What an operator should know stands beside the difference, before anything is written."""
    warnings = "\n".join(desk.install().warnings)
    assert (
        "weekly: clock change on 2026-03-08: 02:00 does not exist" in warnings
        and "runs at 03:00 EDT instead" in warnings
    )
    assert (
        "weekly and clean come within an hour" in warnings
        and "weekly and monthly come within an hour" in warnings
    )
    desk.write(desk.install())
    draft = desk.scheduler.set(desk.scheduler.current(), "weekly", "0 4 1 * 0")
    assert any(
        "both day fields are set: it runs on a day of month 1 OR a day of week 0" in text
        for text in draft.warnings
    )


def test_every_change_is_recorded_with_its_time(desk: Desk) -> None:
    """The state of a job counts from the change on; what did not change keeps its own time."""
    desk.write(desk.install())
    first = desk.scheduler.history().changes
    desk.write(desk.scheduler.set(desk.scheduler.current(), "weekly", "0 4 * * 0"))
    desk.write(desk.scheduler.remove(desk.scheduler.current(), ["clean"]))
    changes = desk.scheduler.history().changes
    assert changes["weekly"].expression == "0 4 * * 0" and changes["weekly"].at > first["weekly"].at
    assert changes["clean"].expression is None and changes["monthly"] == first["monthly"]


def test_jobs_move_between_the_backends_and_are_never_in_both(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With jobs in the one, the other is refused; a failed move gives the first its jobs back."""
    from engine.schedule import systemd

    monkeypatch.setattr(systemd, "_systemctl", lambda *words: None)
    monkeypatch.setattr(systemd.Systemd, "bus", lambda self: False)
    monkeypatch.setattr(systemd, "verify", lambda files: ())
    scheduler = desk.scheduler
    desk.write(desk.install())
    base = Draft(
        scheduler.current(Backend.SYSTEMD),
        "install",
        lines=scheduler.current().lines,
        after=None,
        diff=("+",),
    )
    with pytest.raises(RefusedError, match="already started by crontab"):
        scheduler.write(base)
    scheduler.move(scheduler.remove(scheduler.current(Backend.CRONTAB)), base)
    assert scheduler.in_use() is Backend.SYSTEMD and desk.fake.tab is None
    with pytest.raises(RefusedError, match="already started by systemd"):
        desk.write(desk.install())
    back = scheduler.install(scheduler.current(Backend.CRONTAB), (), PROGRAM)
    with desk.fake.fails("reject"), pytest.raises(Exception, match="rejected"):
        scheduler.move(scheduler.remove(scheduler.current(Backend.SYSTEMD)), back)
    assert scheduler.in_use() is Backend.SYSTEMD and len(scheduler.current().lines) == 4
    (desk.fake.folder / "tab").write_bytes(back.after or b"")
    with pytest.raises(RefusedError, match="in both the crontab and systemd"):
        scheduler.in_use()


@pytest.mark.parametrize("failure", ["silent", "garbled", "half", "nouid", "shows", "denies"])
def test_a_tab_that_cannot_be_read_may_hold_our_block_and_bars_systemd(
    failure: str, desk: Desk
) -> None:
    """While `crontab -l` fails nobody knows that no job stands there: the other backend is
    refused, no unit is written."""
    desk.write(desk.install())
    with desk.fake.fails(failure), pytest.raises(CrontabError):
        desk.scheduler.in_use()
    draft = Draft(
        desk.scheduler.current(Backend.SYSTEMD),
        "install",
        lines=desk.scheduler.current().lines,
        after=None,
        diff=("+",),
    )
    with desk.fake.fails(failure), pytest.raises(CrontabError):
        desk.scheduler.write(draft)
    assert not (desk.fake.folder.parent / "units").exists()


def test_a_user_without_crontab_or_cron_may_use_systemd(desk: Desk, tmp_path: Path) -> None:
    """A denied user of whom nothing is recorded, and a machine without the program, have no
    block of ours."""
    with desk.fake.fails("denies"):
        assert desk.scheduler.in_use() is None
    without_cron = Desk(tmp_path, crontab=Crontab(("no-such-crontab-program",)))
    assert without_cron.scheduler.in_use() is None


def test_lines_of_unknown_jobs_never_reach_the_tab(desk: Desk) -> None:
    """A draft is checked line by line."""
    with pytest.raises(ExpressionError):
        desk.scheduler.draft(
            desk.scheduler.current(), (JobLine("weekly", "61 * * * *", "x"),), "set"
        )
