"""The console in a real terminal over a fake engine: python -m tests.tui.fake_console HOME SCENE
[--read-only]."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tests.tui.fake import FakeEngine
from tests.tui.scenes import SCENES
from tui.launch import open_console
from tui.terminal import terminal


def main() -> int:
    """Open it as `tui.launch.run` does."""
    link = terminal.resolve_link("auto", "auto")
    terminal.prepare_environment(link, os.environ)
    engine = FakeEngine(Path(sys.argv[1]), SCENES[sys.argv[2]]())
    return open_console(engine, "--read-only" in sys.argv, link)


if __name__ == "__main__":
    sys.exit(main())
