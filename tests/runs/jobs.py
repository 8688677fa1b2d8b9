"""Jobs for tests of supervisor and worker: what a symbol does is said by a small file `do/<SYM>`
in the home.

ok            epochs, then published          refuse | fail | nodata | crash | quiet     other ends
keep          waits until the home went away, then writes its status
wait          works until the file `go` appears, batch by batch, and can be cancelled
stubborn      ignores SIGTERM and cancel and never ends
tree          the same with children, setsid children and daemons
segv | exit   dies of a signal | with a code     segv-once: only the first time
print N       prints N MB                        hang: says nothing more
hog           takes memory without end, in the cgroup that the file `cgroup` names
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from engine.core.errors import Interrupted, NoDataError, RefusedError, StockmlError
from engine.core.files import write_atomic
from engine.runs.work import Task

MARK = "STOCKML_TEST_MARK"
_SLEEP = [
    sys.executable,
    "-c",
    "import signal,time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)",
]


def do(task: Task) -> None:
    """Do what the symbol's file says; `ok` without one."""
    file = task.home.root / "do" / task.symbol
    word, _, argument = (file.read_text().strip() if file.exists() else "ok").partition(" ")
    task.report("phase", {"name": word})
    _WORDS[word](task, argument)


def _publish(task: Task) -> None:
    metrics = {"n_scored": 120, "mape": 1.5, "naive_mape": 1.6}
    task.report("published", {"generation": 1, "metrics": metrics})


def _ok(task: Task, argument: str) -> None:
    for epoch in (1, 2, 3):
        task.report(
            "epoch",
            {
                "epoch": epoch,
                "epochs": 3,
                "loss": 1 / epoch,
                "val_loss": float("nan"),
                "eta_s": 0.1,
            },
        )
    task.report("scored", {"metrics": {"n_scored": 120, "mape": 1.5, "naive_mape": 1.6}})
    _publish(task)


def _wait(task: Task, argument: str) -> None:
    while not (task.home.root / "go").exists():
        if task.cancelled():
            raise Interrupted("cancelled at a batch")
        select.select([], [], [], 0.01)  # time.sleep fails under libfaketime when the clock jumps
    _publish(task)


def _keep(task: Task, argument: str) -> None:
    """Keep a status once the home is no longer at its place."""
    while (task.home.root / "do").exists():
        select.select([], [], [], 0.01)
    write_atomic(task.home.status(task.symbol), b"{}")
    _publish(task)


def _forever(task: Task, argument: str) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    (task.home.root / "stubborn").touch()
    while True:
        time.sleep(0.01)


def _tree(task: Task, argument: str) -> None:
    for _ in range(int(argument or 3)):
        subprocess.Popen(_SLEEP)
    subprocess.Popen(_SLEEP, start_new_session=True)
    # A daemon by the book: its parent ends at once.
    spawn = f"import subprocess; subprocess.Popen({_SLEEP!r}, start_new_session=True)"
    subprocess.run([sys.executable, "-c", spawn], check=True)
    _forever(task, argument)


def _raise(make: Callable[[], Exception]) -> Callable[[Task, str], None]:
    def job(task: Task, argument: str) -> None:
        raise make()

    return job


def _die(task: Task, argument: str) -> None:
    os.kill(os.getpid(), int(argument or signal.SIGSEGV))
    time.sleep(60)


def _die_once(task: Task, argument: str) -> None:
    died = task.home.root / f"died-{task.symbol}"
    if not died.exists():
        died.touch()
        _die(task, argument)
    _publish(task)


def _print(task: Task, argument: str) -> None:
    line = b"x" * 4095 + b"\n"
    for _ in range(int(argument) * 256):
        os.write(1, line)
    os.write(1, b"the true end\n")
    _publish(task)


def _hog(task: Task, argument: str) -> None:
    (Path((task.home.root / "cgroup").read_text()) / "cgroup.procs").write_text(str(os.getpid()))
    held = []
    while True:
        held.append(b"x" * 2**20 * 10)


def _hang(task: Task, argument: str) -> None:
    time.sleep(600)


def _chatter(task: Task, argument: str) -> None:
    while True:
        task.report("epoch", {"epoch": 1, "epochs": 2, "loss": 0.5})
        time.sleep(0.02)


def _litter(task: Task, argument: str) -> None:
    subprocess.Popen(_SLEEP, start_new_session=True)
    _publish(task)


_WORDS: dict[str, Callable[[Task, str], None]] = {
    "ok": _ok,
    "wait": _wait,
    "stubborn": _forever,
    "tree": _tree,
    "segv": _die,
    "segv-once": _die_once,
    "print": _print,
    "keep": _keep,
    "hang": _hang,
    "hog": _hog,
    "chatter": _chatter,
    "litter": _litter,
    "quiet": lambda task, argument: None,
    "exit": lambda task, argument: os._exit(int(argument)),
    "fail": _raise(lambda: StockmlError("it did not work", "try again")),
    "refuse": _raise(lambda: RefusedError("not better")),
    "nodata": _raise(lambda: NoDataError("no bars of it", "stockml data fetch")),
    "crash": _raise(lambda: ZeroDivisionError("a bug\nin two lines")),
}


def marked(mark: str) -> list[int]:
    """The living processes whose environment carries `mark`."""
    pids = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            state = (folder / "stat").read_bytes().rpartition(b")")[2].split()[0]
            environment = (folder / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if state not in (b"Z", b"X") and f"{MARK}={mark}".encode() in environment:
            pids.append(int(folder.name))
    return pids
