"""The console script: verbs, faults, terminals."""

import subprocess
import sys
from pathlib import Path

import pytest
from click import Abort

from engine.cli import build, console, main
from engine.cli.main import cli
from engine.cli.version import installed_version
from engine.commands.table import COMMANDS
from engine.core.errors import ExitCode, UsageError
from tests.helpers import ROOT, environment, new_home, stockml


def test_help_lists_every_command() -> None:
    """`stockml --help` shows each name of the table with its summary."""
    help_page = " ".join(stockml("--help").stdout.split())

    assert all(f"{name} {row.summary}" in help_page for name, row in COMMANDS.items())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("statsu",), "no command 'statsu'; did you mean status?"),
        (("runs", "lst"), "no command 'lst'; did you mean list?"),
        (("train",), "Missing argument"),
        (("status", "--wach"), "--watch"),
        (("train", "NVDA", "--epochs", "0"), "0 is not in the range"),
    ],
)
def test_wrong_usage_ends_with_2(
    words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A mistake on the command line is one line, the help to ask for, and exit 2."""
    code = main.main(list(words))
    shown = capsys.readouterr()

    assert ExitCode.USAGE == code
    assert said in shown.err
    assert "--help` shows the usage" in shown.err
    assert "" == shown.out


def test_no_terminal_no_console(tmp_path: Path) -> None:
    """Without a terminal the bare command names the plain ones and ends with 2."""
    ran = stockml("--home", str(tmp_path / "h"))

    assert 2 == ran.returncode
    assert "stockml dashboard" in ran.stderr


def test_the_console_gets_home_source_and_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a terminal the bare command hands home, source, --read-only and link to the console,
    and returns its code."""
    seen: list[object] = []

    def run(*given: object) -> int:
        seen.extend(given)
        return 7

    home = new_home(tmp_path / "h")
    monkeypatch.setattr(console, "has_terminal", lambda: True)
    monkeypatch.setattr(console, "load_target", lambda _: run)
    words = ["--home", str(home.root), "--source", "simulated", "--read-only", "--link", "slow"]

    assert 7 == cli.main(words, standalone_mode=False)
    assert [home, "simulated", True, "slow"] == seen


def test_a_dumb_terminal_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """TERM=dumb cannot draw a console."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "dumb")
    assert not console.has_terminal()
    monkeypatch.setenv("TERM", "xterm")
    assert console.has_terminal()


def test_a_group_without_a_verb_shows_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    """`stockml runs` alone is wrong usage, and answered with the verbs it has, line by line."""
    assert ExitCode.USAGE == main.main(["runs"])
    said = capsys.readouterr().err
    assert said.startswith("Usage: stockml runs ")
    assert any(line.startswith("  follow  ") for line in said.splitlines())


def test_version() -> None:
    """--version prints name and version."""
    assert f"stockml {installed_version()}\n" == stockml("--version").stdout


def test_a_crash_leaves_a_file_and_no_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A fault nobody foresaw is one line naming it and a file under logs/ with the whole story;
    exit 1."""

    def fail(_: str) -> None:
        raise ZeroDivisionError("one \x1b[2Jtoo many")

    home = new_home(tmp_path / "h")
    monkeypatch.setattr(build, "load_target", fail)
    code = main.main(["--home", str(home.root), "status"])
    shown = capsys.readouterr()
    (crash,) = home.logs.glob("stockml-crash-*.txt")

    assert ExitCode.FAILED == code
    assert "ZeroDivisionError" in shown.err.splitlines()[0]
    assert str(crash) in shown.err
    assert "Traceback" not in shown.err
    assert "\x1b" not in shown.err
    assert "Traceback" in crash.read_text()


def test_a_full_disk_is_said_as_the_system_says_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An error of the operating system shows its words and the file;
    a disk that takes nothing is no crash."""

    def fail(_: str) -> None:
        raise OSError(28, "No space left on device", "/srv/x")

    monkeypatch.setattr(build, "load_target", fail)

    home = new_home(tmp_path / "h")
    assert ExitCode.FAILED == main.main(["--home", str(home.root), "status"])
    told = (
        "stockml: No space left on device: /srv/x\n  → `stockml doctor` looks at the home and its"
        " disk\n"
    )
    assert told == capsys.readouterr().err
    assert list(home.logs.glob("stockml-crash-*")) == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, Abort])
def test_interrupt_ends_with_130(
    error: type[BaseException], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ctrl-C outside a followed run ends the command with 130, and says so on a line of its own,
    at a question too."""

    def fail(_: str) -> None:
        raise error

    monkeypatch.setattr(build, "load_target", fail)

    assert ExitCode.INTERRUPTED == main.main(["status"])
    assert "\nstockml: interrupted\n" == capsys.readouterr().err


def test_a_closed_pipe_is_quiet(tmp_path: Path) -> None:
    """When the reader goes away the command says nothing and ends as other programs of a pipe
    do."""
    home = new_home(tmp_path / "h")
    process = subprocess.Popen(
        [sys.executable, "-m", "engine.cli", "config", "show", "--home", str(home.root)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(PYTHONUNBUFFERED="1"),
        cwd=ROOT,
    )
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()

    assert 141 == process.wait(90)
    assert b"" == errors


def test_a_narrow_locale_never_ends_a_command(tmp_path: Path) -> None:
    """Where the terminal's encoding has no arrow, a question mark stands for it."""
    ran = stockml("train", "NVDX", "--home", str(tmp_path / "h"), PYTHONIOENCODING="latin-1")

    assert 2 == ran.returncode
    assert "? did you mean NVDA" in ran.stderr


def test_no_home_is_bad_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Outside any home folder a command ends with 3 and says how to name one."""
    monkeypatch.chdir(tmp_path)

    assert ExitCode.CONFIG == main.main(["status"])
    assert "--home DIR" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["status", "demo", "cron-run"])
def test_a_home_of_nobody_is_bad_configuration(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--home ~nobody` ends with 3 and a word, whatever the command, never with a traceback."""
    words = [
        "--home",
        "~nobody-of-this-name/h",
        command,
        *(["weekly"] if command == "cron-run" else []),
    ]

    assert ExitCode.CONFIG == main.main(words)
    assert "no such user" in capsys.readouterr().err


def test_a_working_directory_that_is_gone_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a folder that was removed meanwhile a command ends with 3 and says what to do."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()

    assert ExitCode.CONFIG == main.main(["status"])
    assert "working directory is gone" in capsys.readouterr().err


def test_unusable_terminal_raises_usage() -> None:
    """The refusal is a usage error, so that scripts see 2."""
    from engine.cli.session import Session

    with pytest.raises(UsageError):
        console.open_console(Session())
