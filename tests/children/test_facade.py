"""A verb in a child process: its typed answer, or the error that it raised there."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.api import Engine
from engine.children import facade
from engine.children.messages import BackupsVerified
from engine.children.watched import ChildWatch
from engine.core.errors import NoDataError, StockmlError
from tests.helpers import new_home, python_path


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    monkeypatch.setenv("PYTHONPATH", python_path())
    return Engine(new_home(tmp_path / "home"))


def test_a_child_answers_with_a_record(engine: Engine) -> None:
    """The doctor of a child looks at the same home, and its items are items here."""
    items = {item.name: item for item in engine.children.examine_machine().items}

    assert str(engine.home.root) in items["home"].text
    assert {"python", "packages", "disk"} <= set(items)


def test_a_plain_copy_is_verified_in_a_child(engine: Engine) -> None:
    """A backup whose file is no model is named with it."""
    folder = engine.home.models / "backup_20250101_000000"
    folder.mkdir(parents=True)
    (folder / "nvda_lstm_model.h5").write_bytes(b"not a model")
    answer = engine.children.verify_backups((folder.name,))

    assert isinstance(answer, BackupsVerified)
    (backup,) = answer.backups
    assert (backup.name, backup.path, backup.ok) == (folder.name, str(folder), False)
    file = backup.file("NVDA")
    assert file is not None
    assert (file.ok, file.damaged, file.kind) == (False, True, "broken")


def test_a_child_tells_its_steps_and_can_be_cancelled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The steps of a check come as they are made; a cancelled one answers nothing."""
    monkeypatch.setenv("PYTHONPATH", python_path())
    engine = Engine(new_home(tmp_path / "home", market__source="simulated"))
    watch = ChildWatch()
    engine.children.check_models(watch)
    assert watch.step is not None
    assert (watch.step.done, watch.step.total) == (12, 13)

    stopped = ChildWatch()
    stopped.cancel()
    with pytest.raises(StockmlError, match="cancelled"):
        engine.children.check_models(stopped)


def test_an_error_of_a_child_keeps_its_kind_and_hint(engine: Engine) -> None:
    """What a verb refuses in a child is refused here in the same words."""
    with pytest.raises(NoDataError, match="there are no backups yet") as caught:
        engine.children.restore_backup("backup_x", ("NVDA",))

    assert caught.value.hint == "stockml backup makes one"


def test_a_clone_that_is_not_installed_finds_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a PYTHONPATH, from another folder, the child still runs the modules of this tree."""
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "engine").mkdir()
    (tmp_path / "engine" / "__init__.py").write_text(
        "raise SystemExit('an engine of the working directory')"
    )
    engine = Engine(new_home(tmp_path / "home"))

    with pytest.raises(NoDataError, match="there are no backups yet"):
        engine.children.verify_backups()


def test_a_child_that_hangs_or_cannot_start_is_reported(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither blocks the caller for ever, and the error names the job."""
    monkeypatch.setattr(facade, "LIMIT_S", 0.01)
    with pytest.raises(StockmlError, match="ExamineMachine did not end within"):
        engine.children.examine_machine()
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    with pytest.raises(StockmlError, match="cannot start /nowhere/python"):
        engine.children.examine_machine()


def test_a_child_that_dies_says_its_last_words(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last line of its stderr stands in the error."""
    monkeypatch.setattr(facade, "_module", lambda _: ["/bin/sh", "-c", "echo killed >&2; exit 9"])

    with pytest.raises(StockmlError, match="ExamineMachine failed: killed"):
        engine.children.examine_machine()
