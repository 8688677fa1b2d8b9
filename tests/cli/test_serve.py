"""`test-symbol` and `serve` as commands: words, JSON and exit codes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.core.errors import ExitCode, UsageError
from engine.core.paths import Home
from tests.cli.fakes import fake, invoke
from tests.helpers import new_home, stockml
from tests.service.homes import Served, build_home, serving


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = build_home(tmp_path_factory.mktemp("serve") / "home")
    home.model("SPY").unlink()
    with serving(home) as found:
        yield found


def words(home: Home) -> tuple[str, str]:
    return "--home", str(home.root)


def test_a_symbol_is_tested(served: Served) -> None:
    """The answer shows verdict, status, latency, the forecast and what it stands on; exit 0."""
    ran = stockml("test-symbol", "NVDA", *words(served.home))
    told = served.get("/api/v1/predict/NVDA")
    assert (ran.returncode, ran.stderr) == (0, "")
    first = ran.stdout.splitlines()[0]
    assert first.startswith("NVDA OK · HTTP 200 in ")
    assert "WARN above 5 s, CRIT 10 s" in first
    assert (
        f"{told['current_price']:.2f} → {told['predicted_price']:.2f} for 2026-07-01" in ran.stdout
    )
    assert "generation 1 · bars of 2026-06-30 from yahoo" in ran.stdout


def test_the_json_holds_the_answer(served: Served) -> None:
    """`--json` is one document with status, seconds, verdict and the service's own answer."""
    tree = json.loads(stockml("test-symbol", "NVDA", "--json", *words(served.home)).stdout)
    assert (tree["symbol"], tree["status"], tree["verdict"], tree["fault"]) == (
        "NVDA",
        200,
        "OK",
        None,
    )
    assert (
        tree["answer"]["predicted_price"] == served.get("/api/v1/predict/NVDA")["predicted_price"]
    )
    assert tree["seconds"] > 0


def test_a_symbol_without_a_model_ends_4(served: Served) -> None:
    """The service's own words reach the operator, with the command that helps."""
    ran = stockml("test-symbol", "SPY", *words(served.home))
    assert (ran.returncode, "HTTP 503" in ran.stderr, "stockml train SPY" in ran.stderr) == (
        4,
        True,
        True,
    )


def test_without_a_service_it_ends_1(tmp_path: Path) -> None:
    """Nothing listens: exit 1 and the command that starts it."""
    home = new_home(tmp_path / "h", service__port=1)
    ran = stockml("test-symbol", "NVDA", *words(home))
    assert (ran.returncode, "stockml serve" in ran.stderr, "Traceback" in ran.stderr) == (
        1,
        True,
        False,
    )
    tree = json.loads(stockml("test-symbol", "NVDA", "--json", *words(home)).stdout)
    assert (tree["status"], tree["verdict"], tree["answer"]) == (None, "CRIT", None)


def test_an_unknown_symbol_asks_nobody(tmp_path: Path) -> None:
    """A symbol that is not configured is wrong usage."""
    assert isinstance(invoke(fake(tmp_path), "test-symbol", "META").exception, UsageError)


def test_a_token_is_made_once(tmp_path: Path) -> None:
    """`serve --make-token` writes it without showing it; a second time it is refused with 5."""
    home = new_home(tmp_path / "h")
    engine = fake(tmp_path)
    first = invoke(engine, "serve", "--make-token")
    assert first.return_value == ExitCode.DONE
    token = engine.home.secrets.read_text().split('"')[1]
    assert token not in first.output
    ran = [stockml("serve", "--make-token", *words(home)).returncode for _ in range(2)]
    assert ran == [0, 5]


@pytest.mark.parametrize("words", [("--port", "65536"), ("--port", "x"), ("--speed", "9")])
def test_wrong_options_end_2(tmp_path: Path, words: tuple[str, ...]) -> None:
    """Options that do not parse never start a service."""
    assert stockml("serve", *words, "--home", str(tmp_path / "h")).returncode == 2
