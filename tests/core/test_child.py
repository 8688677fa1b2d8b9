"""A command in a child: its document, or its words."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.core.child import run_child
from engine.core.errors import StockmlError
from tests.helpers import new_home, python_path


def test_a_command_answers_with_its_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`backups list` of a new home answers with an empty list and exit 0."""
    monkeypatch.setenv("PYTHONPATH", python_path())
    home = new_home(tmp_path / "home")
    answer = run_child(("backups", "list", "--home", str(home.root), "--json"))

    assert (answer.exit_code, answer.document) == (0, {"backups": []})


def test_a_clone_that_is_not_installed_finds_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a PYTHONPATH, from another folder, the child still runs the modules of this very
    tree."""
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "engine").mkdir()
    (tmp_path / "engine" / "__init__.py").write_text(
        "raise SystemExit('an engine of the working directory')"
    )
    answer = run_child(
        ("backups", "list", "--home", str(new_home(tmp_path / "home").root), "--json")
    )

    assert (answer.exit_code, answer.document) == (0, {"backups": []})


def test_a_failure_is_told_in_its_own_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command that fails without a document raises what it said, with its hint."""
    monkeypatch.setenv("PYTHONPATH", python_path())
    home = new_home(tmp_path / "home")
    with pytest.raises(StockmlError, match="there are no backups yet") as caught:
        run_child(("restore", "backup_x", "--yes", "--home", str(home.root), "--json"))

    assert caught.value.hint == "stockml backup makes one"
