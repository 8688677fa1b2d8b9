"""What far workers do in tests: the real fit, once they may."""

from __future__ import annotations

import os
import time
from pathlib import Path

from engine.cluster.fit import fit_job
from engine.core.errors import Interrupted
from engine.runs.work import Task

HOLD = "STOCKML_TEST_HOLD"


def held_fit(task: Task) -> None:
    """Say `hold`, wait for the file `go` of the folder that the environment names, then fit."""
    task.report("phase", {"name": "hold"})
    while not (Path(os.environ[HOLD]) / "go").exists():
        if task.cancelled():
            raise Interrupted("stopped while it was held")
        time.sleep(0.05)
    fit_job(task)
