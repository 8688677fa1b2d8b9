"""`cluster init|up|status|down` as an operator types them."""

from __future__ import annotations

import json
from pathlib import Path
from subprocess import CompletedProcess

import pytest

import engine.cluster.link
from engine.api import Engine
from engine.core.errors import ConfigError
from engine.core.records import TrainRequest
from tests.cluster.conftest import free_port
from tests.helpers import new_home, stockml


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return new_home(tmp_path / "h", market__source="simulated").root


def ran(root: Path, *words: str) -> CompletedProcess[str]:
    """One command."""
    return stockml("cluster", *words, "--home", str(root))


def test_a_trial_from_init_to_down(root: Path) -> None:
    """Each command says what it did and what is next; each that has nothing to do is refused."""
    address = f"127.0.0.1:{free_port()}"
    assert ran(root, "up", "--listen", address).returncode == 3
    made = json.loads(ran(root, "init", "--json").stdout)
    assert "ca.pem" in made["files"]
    assert ran(root, "init").returncode == 5
    assert ran(root, "up", "--listen", "nowhere").returncode == 2
    up = ran(root, "up", "--listen", address, "--workers", "1")
    assert (up.returncode, f"a head at tls://{address} and 1 worker" in up.stdout) == (0, True)
    assert ran(root, "up", "--listen", address).returncode == 5
    status = ran(root, "status")
    assert status.stdout.splitlines()[1].split()[:4] == ["HOST", "WORKER", "STATE", "SYMBOL"]
    (host,) = json.loads(ran(root, "status", "--json").stdout)["hosts"]
    assert (host["worker"], host["state"], host["symbol"]) == ("worker-1", "idle", None)
    units = sorted((root / "persistent_data" / "cluster" / "units").iterdir())
    texts = [path.read_text() for path in units]
    assert all("Restart=always" in text for text in texts)
    assert f"tls://{address} %H-%i" in texts[1]
    assert ran(root, "down").returncode == 0
    assert ran(root, "down").returncode == 5
    gone = ran(root, "status", "--json")
    assert (gone.returncode, json.loads(gone.stdout)["answers"]) == (1, False)


def test_without_the_extra_a_run_does_not_start(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The extra is named, and nothing was begun; the help needs none of it."""
    monkeypatch.setattr(engine.cluster.link, "find_spec", lambda name: None)
    home = Engine(new_home(root, training__executor="tls://127.0.0.1:1")).home
    with pytest.raises(ConfigError, match="needs the extra `cluster`") as caught:
        Engine(home).runs.start(TrainRequest(("NVDA",)))
    assert (caught.value.exit_code, "stockml[cluster]" in caught.value.hint) == (3, True)
    assert not list(home.runs.glob("*"))
    assert "stockml[cluster]" in ran(root, "--help").stdout


def test_a_strange_executor_is_a_mistake_of_the_settings(root: Path) -> None:
    """It is told how the key is written."""
    checked = stockml("config", "set", "training.executor", "tcp://x:1", "--home", str(root))
    assert checked.returncode == 3
    assert 'write "local"' in checked.stderr
