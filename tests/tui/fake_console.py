"""The console in a real terminal over a fake engine: python -m tests.tui.fake_console HOME SCENE
[--read-only]; the scene `furnished` has backups and a schedule too."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tests.tui.fake import FakeEngine
from tests.tui.scenes import SCENES
from tests.tui.stops import furnish, furnished
from tui.launch import open_console
from tui.terminal import terminal


def main() -> int:
    """Open it as `tui.launch.run` does."""
    link = terminal.resolve_link("auto", "auto")
    terminal.prepare_environment(link, os.environ)
    scene = sys.argv[2]
    engine = FakeEngine(Path(sys.argv[1]), furnished() if scene == "furnished" else SCENES[scene]())
    if scene == "furnished":
        furnish(engine)
    return open_console(engine, "--read-only" in sys.argv, link)


if __name__ == "__main__":
    sys.exit(main())
