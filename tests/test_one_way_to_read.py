"""Files are opened by engine.core.reading and engine.core.files; who does not is listed here."""

import ast
from collections.abc import Iterator

import pytest

from tests.test_code_rules import SOURCES, Source, source

READERS = {
    "engine/core/reading.py": "the one way to read",
    "engine/core/files.py": "the one way to write: it opens what it made, or through open_own",
    "engine/core/failpoints.py": "only in tests: the trace of a test that names its file",
    "engine/cli/main.py": "/dev/null after a closed pipe",
    "engine/cli/version.py": "its own pyproject.toml",
    "engine/service/doorway.py": "/dev/null, a descriptor kept back",
    "engine/runs/worker.py": "/dev/null as its stdin",
    "engine/runs/processes.py": "/proc, where a file has no size and ends with its process",
    "engine/core/memory.py": "the control groups of /proc and /sys",
    "engine/schedule/daemon.py": "/proc and the pid file of the cron daemon, of another user",
    "engine/schedule/jobs.py": "the first line of the program that cron starts",
    "engine/service/stats.py": "/proc/self/statm",
    "engine/service/background.py": "the log that its child writes, opened without links, 0600",
    "engine/forecast/scale.py": "its own table of constants, part of the package",
    "engine/service/routes.py": "its own openapi.json",
    "engine/market/calendar.py": "its own table of sessions",
    "engine/forecast/backtest.py": "its own code, whose hash is the key of kept folds",
}
"""The modules that open a file themselves, each with its reason."""

OPENERS = {"open", "read_text", "read_bytes"}


def opened_files(module: Source) -> Iterator[str]:
    """Each `open()`, `os.open()`, `Path.open()`, `read_text()` and `read_bytes()` of a module."""
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        by_name = isinstance(called, ast.Name) and called.id == "open"
        if by_name or (isinstance(called, ast.Attribute) and called.attr in OPENERS):
            yield f"{module.path}:{node.lineno}"


def test_only_the_listed_modules_open_files() -> None:
    """Every other module reads through engine.core.reading; none is listed without need."""
    assert {module.path for module in SOURCES if any(opened_files(module))} == READERS.keys()


@pytest.mark.parametrize(
    "line",
    ["open('a')", "os.open('a', 0)", "path.open('rb')", "path.read_text()", "path.read_bytes()"],
)
def test_an_opened_file_is_noticed(line: str) -> None:
    """Each way to open a file is seen."""
    assert [*opened_files(source("engine/a.py", f"{line}\n"))] == ["engine/a.py:1"]


FOLDER_MAKERS = {
    "engine/core/anchor.py": "the one way: it makes no home again that went away",
    "engine/settings/home.py": "makes the home itself, at the start of a command",
    "engine/cli/demo.py": "makes the home of the demo",
    "engine/cluster/scratch.py": "a temporary home of its own",
    "engine/schedule/tab_copies.py": "the state folder of the user, outside every home",
    "engine/market/yahoo.py": "the caches of the user, outside every home",
}
"""The modules that make folders with all above them, each with its reason."""


def made_with_parents(module: Source) -> Iterator[str]:
    """Each `mkdir(parents=True)` and `makedirs()` of a module."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            deep = any(keyword.arg == "parents" for keyword in node.keywords)
            if node.func.attr == "makedirs" or (node.func.attr == "mkdir" and deep):
                yield f"{module.path}:{node.lineno}"


def test_only_the_listed_modules_make_folders_with_all_above() -> None:
    """Every other module asks whether the home is still there."""
    makers = {module.path for module in SOURCES if any(made_with_parents(module))}

    assert makers == FOLDER_MAKERS.keys()
