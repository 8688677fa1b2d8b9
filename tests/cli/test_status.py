"""`status` and what it costs."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from engine.cli.status import change_lines
from engine.core.errors import ExitCode, ModelError, UsageError
from engine.core.records import Job, JobState, SymbolState
from tests.cli.fakes import NOW, fake, invoke, make_snapshot, trained, untrained
from tests.helpers import ROOT, environment, new_home, stockml, wait_for


def test_table_and_document(tmp_path: Path) -> None:
    """Status prints the title and a row a symbol; --json one document with the same."""
    snapshot = make_snapshot(trained("NVDA"), untrained("SPY"))
    text = invoke(fake(tmp_path, snapshots=[snapshot]), "status").stdout
    tree = json.loads(invoke(fake(tmp_path, snapshots=[snapshot]), "status", "--json").stdout)

    assert text.startswith("host-a  /srv/stockml  source yahoo  OK\nSYMBOL")
    assert ["NVDA", "SPY"] == [symbol["symbol"] for symbol in tree["symbols"]]


def test_outdated_figures_are_rebuilt_first(tmp_path: Path) -> None:
    """Only the symbols whose figures are older than their model or bars are refreshed, before
    anything is shown."""
    stale = make_snapshot(trained("NVDA", stale_status=True), trained("TSLA"))
    engine = fake(
        tmp_path, snapshots=[stale, make_snapshot(trained("NVDA", note="rebuilt"), trained("TSLA"))]
    )

    assert "rebuilt" in invoke(engine, "status").stdout
    assert ["NVDA"] == engine.refreshed


def test_a_refresh_that_fails_still_shows(tmp_path: Path) -> None:
    """When figures cannot be rebuilt the table is shown all the same, with a word on stderr."""

    class Failing(type(fake(tmp_path))):  # type: ignore[misc]
        def refresh_status(self, symbols: object = None) -> None:
            raise ModelError("digest does not match")

    engine = Failing(
        fake(tmp_path).home, snapshots=[make_snapshot(trained("NVDA", stale_status=True))]
    )
    result = invoke(engine, "status")

    assert ExitCode.DONE == result.return_value
    assert "digest does not match" in result.stderr
    assert "NVDA" in result.stdout


def test_figures_without_room_are_told_and_models_not_denied(tmp_path: Path) -> None:
    """On a full disk a rebuilt status is not kept: stderr names the folder, and nobody is told
    to train what is there."""
    unread = trained("NVDA", model=None, forecast=None, stale_status=True, note="reading the model")
    result = invoke(fake(tmp_path, snapshots=[make_snapshot(unread)]), "status")
    empty = invoke(fake(tmp_path, snapshots=[make_snapshot(untrained("NVDA"))]), "status")

    assert result.stderr.startswith("no new figures of NVDA: they are kept in ")
    assert "no model yet" not in result.stdout
    assert ("", True) == (empty.stderr, "no model yet" in empty.stdout)


def test_watch_and_json_are_refused_together(tmp_path: Path) -> None:
    """A document a second is no document."""
    assert isinstance(invoke(fake(tmp_path), "status", "--watch", "--json").exception, UsageError)


def test_one_line_for_each_change() -> None:
    """Off a terminal --watch says every symbol once, then only what changed."""
    before = make_snapshot(trained("NVDA"), untrained("SPY"))
    job = Job("SPY", JobState.RUNNING, phase="fit")
    after = make_snapshot(
        trained("NVDA"), replace(untrained("SPY"), state=SymbolState.TRAIN, job=job)
    )

    assert 3 == len(change_lines(None, before, NOW))
    assert [] == change_lines(before, before, NOW)
    (line,) = change_lines(before, after, NOW)
    assert line.endswith("SPY   TRAIN     fitting")


def test_watch_in_a_pipe_ends_with_the_interrupt(tmp_path: Path) -> None:
    """A real `status --watch` in a pipe prints whole lines, and ends with 130 on SIGINT."""
    import signal

    home = new_home(tmp_path / "h")
    out = tmp_path / "out"
    with (
        out.open("w") as file,
        subprocess.Popen(
            [sys.executable, "-m", "engine.cli", "status", "--watch", "--home", str(home.root)],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.PIPE,
            env=environment(),
            cwd=ROOT,
        ) as process,
    ):
        try:
            wait_for(lambda: out.read_text().count("\n") >= 14, what="13 rows and the title")
            process.send_signal(signal.SIGINT)
            assert ExitCode.INTERRUPTED == process.wait(90)
        finally:
            process.kill()
    assert "\x1b" not in out.read_text()


LIGHT = """
import sys
sys.argv = ["stockml", *{words!r}]
from engine.cli.main import main
code = main(sys.argv[1:])
heavy = [name for name in {names!r} if name in sys.modules]
print(code, heavy, file=sys.stderr)
"""
HEAVY = ("numpy", "pandas", "h5py", "tensorflow", "sklearn", "textual", "rich")


@pytest.mark.parametrize(
    "words",
    [
        ("--help",),
        ("status",),
        ("status", "--json"),
        ("runs", "list"),
        ("config", "show"),
        ("train", "--help"),
    ],
)
def test_looking_is_light(tmp_path: Path, words: tuple[str, ...]) -> None:
    """Help, status and other looks load neither numpy nor any other heavy package."""
    home = new_home(tmp_path / "h")
    code = LIGHT.format(words=["--home", str(home.root), *words], names=HEAVY)
    ran = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=environment(),
        cwd=ROOT,
        check=True,
    )

    assert "0 []" == ran.stderr.strip().splitlines()[-1]


def test_the_light_test_can_fail(tmp_path: Path) -> None:
    """Checking stored bars does load numpy, so the test above sees what it looks for."""
    home = new_home(tmp_path / "h", market__source="simulated")
    code = LIGHT.format(words=["--home", str(home.root), "data", "check", "SPY"], names=HEAVY)
    ran = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=environment(),
        cwd=ROOT,
        check=True,
    )

    assert "numpy" in ran.stderr.strip().splitlines()[-1]


def test_home_before_and_after_the_verb(tmp_path: Path) -> None:
    """--home means the same before the verb, after it, and as STOCKML_HOME."""
    homes = [str(tmp_path / name) for name in ("a", "b", "c", "d")]
    ran = [
        stockml("--home", homes[0], "status", "--json"),
        stockml("status", "--json", "--home", homes[1]),
        stockml("status", "--json", STOCKML_HOME=homes[2]),
        stockml("--home", str(tmp_path / "x"), "status", "--json", "--home", homes[3]),
    ]

    assert [0, 0, 0, 0] == [process.returncode for process in ran]
    assert homes == [json.loads(process.stdout)["home"] for process in ran]
    assert not (tmp_path / "x").exists()
