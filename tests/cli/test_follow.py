"""Following a run."""

import io
import os
import signal
from pathlib import Path
from typing import cast

from engine.api import Engine
from engine.cli.follow import (
    BarsView,
    Interrupts,
    PlainView,
    follow,
    left_words,
    make_view,
    progress_lines,
    share,
)
from engine.core.records import Job, JobState, Run
from tests.cli.fakes import FakeEngine, done, fake, make_run

LIVE = JobState.RUNNING


def at(epoch: int, **more: object) -> Job:
    return Job("NVDA", JobState.RUNNING, phase="fit", epoch=epoch, epochs=10, **more)  # type: ignore[arg-type]


def as_engine(engine: FakeEngine) -> Engine:
    return cast(Engine, engine)


def test_progress_lines_say_what_changed() -> None:
    """A new state, a new phase and every fifth of the epochs are worth a line; nothing else is."""
    runs = [
        make_run(job, Job("SPY"), state=LIVE)
        for job in (Job("NVDA"), at(0), at(1), at(2), at(3), done("NVDA"))
    ]
    said = [
        progress_lines(before, after) for before, after in zip([None, *runs], runs, strict=False)
    ]

    assert [0, 1, 0, 1, 0, 1] == [len(lines) for lines in said]
    assert "NVDA  fitting  epoch 2/10" == said[3][0]
    assert said[5][0].startswith("[1/2] NVDA  done in 23s  MAPE 2.14 %")


def test_follow_returns_the_ended_run(tmp_path: Path) -> None:
    """Following polls until the run ended and returns its last state."""
    said: list[str] = []
    engine = fake(
        tmp_path,
        plays=[make_run(at(1), state=LIVE), make_run(at(5), state=LIVE), make_run(done("NVDA"))],
    )
    run = follow(as_engine(engine), "run-1", PlainView(said.append), Interrupts())

    assert JobState.DONE is run.state
    assert "NVDA  fitting  epoch 1/10" in said[0]
    assert engine.cancelled == []


def test_first_interrupt_asks_and_waits(tmp_path: Path) -> None:
    """One Ctrl-C asks the run to cancel, once, and following goes on to its end."""
    said: list[str] = []
    ended = make_run(Job("NVDA", JobState.CANCELLED), state=JobState.CANCELLED)
    engine = fake(tmp_path, plays=[make_run(at(1), state=LIVE), make_run(at(2), state=LIVE), ended])
    interrupts = Interrupts()
    interrupts.count = 1
    run = follow(as_engine(engine), "run-1", PlainView(said.append), interrupts)

    assert ["run-1"] == engine.cancelled
    assert run is ended
    assert any("cancelling" in line for line in said)


def test_second_interrupt_leaves(tmp_path: Path) -> None:
    """A second Ctrl-C returns the run while it is live, and the words name the command that
    follows it."""
    engine = fake(tmp_path, plays=[make_run(at(1), state=LIVE, cancelling=True)])
    interrupts = Interrupts()
    interrupts.count = 2
    run = follow(as_engine(engine), "run-1", PlainView(lambda _: None), interrupts)

    assert run.live
    assert "is being cancelled: `stockml runs follow run-1`" in left_words(run)


def test_looking_on_never_cancels(tmp_path: Path) -> None:
    """Who only follows leaves at the first Ctrl-C and cancels nothing."""
    engine = fake(tmp_path, plays=[make_run(at(1), state=LIVE)])
    interrupts = Interrupts()
    interrupts.count = 1
    run = follow(as_engine(engine), "run-1", PlainView(lambda _: None), interrupts, cancels=False)

    assert run.live
    assert [] == engine.cancelled
    assert "continues" in left_words(run)


def test_interrupts_are_counted_and_handed_back() -> None:
    """A real SIGINT is counted while entered; afterwards the handler of before is back."""
    before = signal.getsignal(signal.SIGINT)
    with Interrupts() as interrupts:
        os.kill(os.getpid(), signal.SIGINT)
        interrupts.wait(5)
        assert 1 == interrupts.count

    assert before is signal.getsignal(signal.SIGINT)


def test_ignored_interrupts_stay_ignored() -> None:
    """A process started in the background of a shell, SIGINT ignored, is not made killable by
    following."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with Interrupts() as interrupts:
            os.kill(os.getpid(), signal.SIGINT)
            assert 0 == interrupts.count
        assert signal.SIG_IGN is signal.getsignal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_bars_on_a_terminal() -> None:
    """On a terminal each symbol has one line with a bar, and markup in a message stays text."""
    stream = Terminal()
    view = BarsView(stream)
    failed = Job("TSLA", JobState.FAILED, message="[red]no bars[/red]")
    view.show(make_run(at(4), failed, state=LIVE, source="simulated"))
    view.show(make_run(done("NVDA"), failed))
    view.close()
    shown = stream.getvalue()

    assert "SIMULATED: not real prices" in shown
    assert "[red]no bars[/red]" in shown
    last = [line for line in shown.splitlines() if "NVDA" in line][-1]
    assert "done" in last
    assert "in 23s" in last


def test_views_follow_the_stream() -> None:
    """Bars need a terminal that is not dumb; anything else gets lines."""
    from pytest import MonkeyPatch

    with MonkeyPatch.context() as patch:
        patch.setenv("TERM", "xterm")
        assert isinstance(make_view(Terminal(), print), BarsView)
        assert isinstance(make_view(io.StringIO(), print), PlainView)
        patch.setenv("TERM", "dumb")
        assert isinstance(make_view(Terminal(), print), PlainView)


def test_share_of_a_job() -> None:
    """An early stop ends full, an unfinished last epoch never does, a failure stays where it
    was."""
    failed = Job("NVDA", JobState.FAILED, epoch=4, epochs=10)

    assert 0.4 == share(failed)
    assert (0.0, 0.4, 0.99, 1.0) == (
        share(Job("NVDA")),
        share(at(4)),
        share(at(10)),
        share(done("NVDA", epoch=4, epochs=10)),
    )


def test_simulated_is_said_once() -> None:
    """Plain progress of a simulated run begins with the mark."""
    said: list[str] = []
    view = PlainView(said.append)
    run: Run = make_run(at(1), state=LIVE, source="simulated")
    view.show(run)
    view.show(run)

    assert "SIMULATED: not real prices" == said[0]
    assert 2 == len(said)


def test_warnings_are_said_once_in_both_views() -> None:
    """What a job or the run warned of stands on its own line, however often the run is looked
    at."""
    said: list[str] = []
    stream = Terminal()
    views = PlainView(said.append), BarsView(stream)
    runs = [
        make_run(at(1, warnings=("bars stored 449 days ago are used",)), state=LIVE),
        make_run(
            at(1, warnings=("bars stored 449 days ago are used", "another")),
            state=LIVE,
            warnings=("waiting for memory",),
        ),
    ]
    for view in views:
        for run in (*runs, runs[-1]):
            view.show(run)
        view.close()
    expected = [
        "NVDA  warning: bars stored 449 days ago are used",
        "warning: waiting for memory",
        "NVDA  warning: another",
    ]

    assert expected == [line for line in said if "warning" in line]
    assert [1, 1, 1] == [stream.getvalue().count(line) for line in expected]
