"""Nothing of the developer's machine leaks into a test."""

import gc
import os

import pytest
from hypothesis import HealthCheck, settings

# One thread a process: the suite runs one worker a core.
for _name in (
    "OPENBLAS_NUM_THREADS",
    "OMP_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
):
    os.environ.setdefault(_name, "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

settings.register_profile(
    "stockml", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
settings.load_profile("stockml")


def pytest_collection_finish() -> None:
    """What all test modules loaded stays: as in the console, the collector need not look at it
    each time it is asked.

    The console asks when a screen was closed; over half a million objects of a test process that
    stalls it for 0.2 s.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("ML_", "STOCKML_")) or name in (
            "MIN_ACCURACY",
            "MAX_MAPE",
            "MIN_CONFIDENCE",
            "MAX_MODEL_AGE_DAYS",
        ):
            monkeypatch.delenv(name)
