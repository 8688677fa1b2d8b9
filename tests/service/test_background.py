"""The service in the background: started, stopped and restarted by a command of its own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.cli.main import main
from engine.client.place import find_place
from engine.core.paths import Home
from engine.schedule.facade import ScheduleFacade
from tests.helpers import new_home, stockml

PID = re.compile(r"pid ([0-9]+)")


def pid_of(home: Path) -> str:
    """The process that serves the home."""
    match = PID.search(find_place(Home(home)).text)
    assert match is not None
    return match[1]


def test_the_service_starts_restarts_and_stops_in_the_background(tmp_path: Path) -> None:
    """--detach returns once it listens, --restart is another process, --stop leaves none."""
    home = tmp_path / "home"
    words = ("--home", str(home), "--source", "simulated")
    try:
        started = stockml("serve", "--detach", "--port", "0", *words)
        assert started.returncode == 0, started.stderr
        assert "serving in the background at http://127.0.0.1:" in started.stdout
        first = pid_of(home)

        again = stockml("serve", "--detach", "--port", "0", *words)
        assert again.returncode == 75
        assert "runs already" in again.stderr

        restarted = stockml("serve", "--restart", "--port", "0", *words)
        assert restarted.returncode == 0, restarted.stderr
        assert pid_of(home) != first
    finally:
        stopped = stockml("serve", "--stop", *words)
    assert stopped.returncode == 0, stopped.stderr
    assert not find_place(Home(home)).held
    assert stockml("serve", "--stop", *words).returncode == 5
    assert (home / "logs" / "service.log").stat().st_mode & 0o777 == 0o600


def test_two_of_the_words_at_once_are_refused(tmp_path: Path) -> None:
    """--stop and --restart exclude each other: exit 2."""
    refused = stockml("serve", "--stop", "--restart", "--home", str(tmp_path / "home"))

    assert refused.returncode == 2
    assert "exclude each other" in refused.stderr


@pytest.mark.parametrize(
    ("flag", "asked"),
    [("--detach", ["start"]), ("--restart", ["stop", "start"]), ("--stop", ["stop"])],
)
def test_systemd_is_asked_where_it_has_the_unit(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    flag: str,
    asked: list[str],
) -> None:
    """No second service is started beside that of systemd; other words are none of its unit's."""
    done: list[str] = []
    monkeypatch.setattr(ScheduleFacade, "service_unit", lambda _: "stockml-serve.service")
    monkeypatch.setattr(ScheduleFacade, "control_service", lambda _, verb: done.append(verb))
    home = new_home(tmp_path / "home", market__source="simulated")

    assert main(["serve", flag, "--home", str(home.root)]) == 0
    assert done == asked
    assert "by systemd: stockml-serve.service" in capsys.readouterr().out
