"""What training.log says."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.events import TYPES, Event
from engine.runs.spec import RunSpec
from engine.runs.training_log import event_text, log_line, opening_text

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


def text_of(kind: str, /, **data: Any) -> tuple[str, str] | None:
    return event_text(Event(1, NOW, 0.0, "r", "w", "NVDA", kind, data), "yahoo")


@pytest.mark.parametrize(
    ("kind", "data", "line"),
    [
        ("published", {"generation": 3}, ("SUCCESS", "NVDA: published generation 3")),
        (
            "failed",
            {"message": "no bars", "hint": "fetch"},
            ("ERROR", "NVDA: failed: no bars (fetch)"),
        ),
        ("failed", {"message": "NVDA: 200 bars"}, ("ERROR", "NVDA: failed: 200 bars")),
        ("warning", {"message": "NVDA: 1 session missing"}, ("WARNING", "NVDA: 1 session missing")),
        ("refused", {"message": "worse"}, ("WARNING", "NVDA: refused: worse")),
        (
            "epoch",
            {"epoch": 10, "epochs": 50, "loss": 0.51234, "val_loss": None},
            ("INFO", "NVDA: epoch 10/50 loss 0.5123 val_loss -"),
        ),
        ("epoch", {"epoch": 11, "epochs": 50}, None),
        ("phase", {"name": "fit"}, None),
    ],
)
def test_the_line_of_an_event_in_training_log(
    kind: str, data: dict[str, Any], line: tuple[str, str] | None
) -> None:
    """The steps an operator wants in a log, every tenth epoch, and nothing else."""
    assert text_of(kind, **data) == line


@given(
    st.sampled_from(TYPES),
    st.dictionaries(
        st.text(max_size=10), st.none() | st.text() | st.floats() | st.lists(st.integers())
    ),
)
def test_any_event_gives_one_clean_line(kind: str, data: dict[str, Any]) -> None:
    """Whatever an event holds, the line keeps to the grammar and has no control character."""
    said = text_of(kind, **data)
    if said is not None:
        line = log_line(said[0], NOW, said[1])
        assert re.fullmatch(
            r"\[(INFO|SUCCESS|WARNING|ERROR)\] \d{4}-\d\d-\d\d \d\d:\d\d:\d\d - [^\x00-\x1f\x7f]*",
            line,
        )


def test_the_opening_names_simulated_data_and_who_is_busy() -> None:
    """Simulated data is marked where it is text_of of; left out symbols are named."""
    spec = RunSpec(
        id="r",
        created_at=NOW,
        symbols=("NVDA",),
        source="simulated",
        starter="me",
        busy=(("TSLA", "run x"),),
    )
    assert (
        opening_text(spec)
        == "run r: train NVDA from simulated SIMULATED (manual, by me); left out as busy: TSLA"
    )


def test_every_line_about_simulated_bars_says_so() -> None:
    """A tail of the log shows figures without the run's first line, so that each line is marked."""
    scored = Event(
        1, NOW, 0.0, "r", "w", "NVDA", "scored", {"metrics": {"n_scored": 120, "mape": 2.0}}
    )
    ended = Event(1, NOW, 0.0, "r", "s", "", "finished", {"state": "done", "message": "1 done"})

    assert [event_text(event, "simulated") for event in (scored, ended)] == [
        (
            "INFO",
            "NVDA: SIMULATED scored on 120 unseen sessions: MAPE 2 % (naive - %), direction - %",
        ),
        ("SUCCESS", "SIMULATED run ended: done; 1 done"),
    ]
