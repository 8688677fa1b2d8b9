"""`python -m engine.children.refresh HOME SOURCE`: a child that rebuilds statuses."""

from __future__ import annotations

import sys
from pathlib import Path

from engine.api import Engine
from engine.core.paths import Home

if __name__ == "__main__":
    Engine(Home(Path(sys.argv[1])), source=sys.argv[2] or None).models.refresh_alone()
