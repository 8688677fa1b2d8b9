"""Any file of a home replaced by anything: each command that reads it ends in words, and soon."""

from __future__ import annotations

import json
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.cli.main import main
from engine.core.paths import Home
from tests.acceptance.replacement import (
    FILES,
    LIMIT_S,
    THINGS,
    HomeFile,
    a_home,
    complaints,
    replace_file,
    words_of,
)
from tests.helpers import stockml

SPARE_BYTES = 3 * 2**30


class TooLate(Exception):  # noqa: N818
    """A command has not ended in time."""


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return a_home(tmp_path_factory.mktemp("sample") / "home")


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: object, **__: object) -> None:
        raise OSError("no route")

    monkeypatch.setattr("socket.create_connection", unreachable)


def copied(sample: Home, folder: Path) -> Home:
    """A copy of the sample home."""
    shutil.copytree(sample.root, folder, symlinks=True)
    return Home(folder)


@contextmanager
def bounded(seconds: float) -> Iterator[None]:
    """TooLate after some seconds, MemoryError beyond some gigabytes."""

    def stop(*_: object) -> None:
        raise TooLate

    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limits = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(
        resource.RLIMIT_AS, (pages * resource.getpagesize() + SPARE_BYTES, limits[1])
    )
    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        resource.setrlimit(resource.RLIMIT_AS, limits)


def name_of(file: HomeFile) -> str:
    return file.path


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_every_reader_ends_in_words(
    sample: Home,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    offline: None,
    file: HomeFile,
) -> None:
    """In this process, with every kind of thing in place of the file, by turns of its readers."""
    wrong = []
    for turn, thing in enumerate(THINGS):
        home = copied(sample, tmp_path / thing)
        replace_file(home, file, thing)
        command = file.readers[turn % len(file.readers)]
        try:
            with bounded(LIMIT_S * 6):
                code = main(words_of(home, command))
        except (TooLate, MemoryError) as error:
            wrong.append(f"{thing}, {command}: {error!r}")
            continue
        printed = "".join(capsys.readouterr())
        wrong += [f"{thing}, {command}: {each}" for each in complaints(home, file, code, printed)]
        if file.symbol and "SPY" not in others(home, capsys):
            wrong.append(f"{thing}: SPY is affected")
        shutil.rmtree(home.root)

    assert wrong == []


def others(home: Home, capsys: pytest.CaptureFixture[str]) -> set[str]:
    """The symbols that are shown with a model and a forecast."""
    main(["status", "--json", "--home", str(home.root)])
    rows = json.loads(capsys.readouterr().out)["symbols"]
    return {row["symbol"] for row in rows if row["model"] and row["forecast"]}


@pytest.mark.soak
@pytest.mark.parametrize("thing", THINGS)
@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_every_command_ends_in_words(
    sample: Home, tmp_path: Path, thing: str, file: HomeFile
) -> None:
    """As real processes, all readers and what starts processes too."""
    wrong = []
    for number, command in enumerate((*file.readers, *file.starters)):
        home = copied(sample, tmp_path / str(number))
        replace_file(home, file, thing)
        begun = time.monotonic()
        try:
            ran = stockml(*words_of(home, command), timeout=60)
        except subprocess.TimeoutExpired:
            wrong.append(f"{command}: hangs")
            continue
        seconds = time.monotonic() - begun
        printed = ran.stdout + ran.stderr
        wrong += [f"{command}: {each}" for each in complaints(home, file, ran.returncode, printed)]
        if seconds > LIMIT_S * 4:
            wrong.append(f"{command}: {seconds:.0f} s")

    assert wrong == []


def test_the_judge_notices_what_it_looks_for(tmp_path: Path) -> None:
    """A traceback, the repr of an exception, a strange exit code and a crash file."""
    home = Home(tmp_path)
    for code, printed in (
        (1, "Traceback (most recent call last)"),
        (1, "stockml: UnicodeDecodeError('utf-8', …)"),
        (139, ""),
    ):
        assert complaints(home, FILES[0], code, printed)
    assert not complaints(home, FILES[0], 3, "cannot read stockml.toml: it is a pipe")
    home.logs.mkdir()
    (home.logs / "stockml-crash-1.txt").write_text("")
    assert complaints(home, FILES[0], 1, "")


def test_the_bound_ends_what_waits() -> None:
    """A reader that blocks or takes memory without end is stopped."""
    with pytest.raises(TooLate), bounded(0.05):
        signal.pause()
    with pytest.raises(MemoryError), bounded(5):
        bytearray(2 * SPARE_BYTES)
