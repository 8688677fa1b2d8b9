"""Words that leave the machine hold no folder of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.errors import ConfigError, ModelError, NoDataError
from engine.service.problems import no_answer, without_folders

PARTS = st.text("abcxyz019_-.", min_size=1, max_size=8).filter(lambda part: part.strip("."))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/srv/stock/ml_models/nvda_lstm_model.h5 is damaged", "nvda_lstm_model.h5 is damaged"),
        ("cannot read '/a/b/c.csv': no", "cannot read 'c.csv': no"),
        ("no NVDA.csv in /a/b", "no NVDA.csv in b"),
        ("stockml data fetch NVDA; see /x/y.z, /p/q", "stockml data fetch NVDA; see y.z, q"),
        (
            "80/20 and yes/no stay, as does http://localhost:8081/docs",
            "80/20 and yes/no stay, as does http://localhost:8081/docs",
        ),
    ],
)
def test_folders_are_cut(text: str, shown: str) -> None:
    """A path keeps its last part; what only looks a little like one stays."""
    assert without_folders(text) == shown


@given(st.lists(PARTS, min_size=2, max_size=6))
def test_no_folder_survives(parts: list[str]) -> None:
    """Of any absolute path only the last part is left."""
    assert (
        without_folders(f"cannot read /{'/'.join(parts)}: broken")
        == f"cannot read {parts[-1]}: broken"
    )


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (NoDataError("x"), 503, "no-data"),
        (ModelError("x"), 500, "model-unusable"),
        (ConfigError("x"), 503, "unavailable"),
    ],
)
def test_whose_fault_it_is_shows_in_the_status(error: NoDataError, status: int, kind: str) -> None:
    """A model that fails is 500, data that is missing 503, as the reference has it."""
    problem = no_answer(error)
    assert (problem.status, problem.kind) == (status, kind)
