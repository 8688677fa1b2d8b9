"""The report of an evaluation: a folder with its JSON, Markdown and HTML."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from engine.core.anchor import make_folder
from engine.core.files import fsync_dir, temporary_name, write_atomic, write_json
from engine.core.paths import Home
from engine.core.text import clean
from engine.forecast.evaluate import Evaluation, Evaluations
from engine.forecast.evaluation_document import scored_of, sessions, symbol_entry
from engine.forecast.report_table import HEADS, LEGEND, RIGHT, table_rows
from engine.words import figures

Tree = dict[str, Any]


def write_report(home: Home, evaluations: Evaluations, document: Tree, now: datetime) -> Path:
    """Write evaluation_results/YYYYMMDD_HHMMSS/ (local time), whole: JSON, Markdown and HTML."""
    from engine.forecast.page import page

    scored = scored_of(evaluations)
    make_folder(home.evaluations)
    folder = _unused(home.evaluations / f"{now.astimezone():%Y%m%d_%H%M%S}")
    temporary = temporary_name(folder)
    temporary.mkdir()
    try:
        write_json(temporary / "evaluation.json", {**document, "symbols": _with_sessions(scored)})
        write_atomic(temporary / "report.md", markdown(document).encode())
        write_atomic(temporary / "report.html", page(scored, document).encode())
        temporary.rename(folder)
        fsync_dir(home.evaluations)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    return folder


def _with_sessions(scored: Sequence[Evaluation]) -> list[Tree]:
    return [
        {
            **symbol_entry(evaluation),
            "indexed": evaluation.indexed,
            "sessions": sessions(evaluation),
        }
        for evaluation in scored
    ]


def _unused(path: Path) -> Path:
    """`path`, with a number appended when a report of the same second exists."""
    numbered = (path.with_name(f"{path.name}_{n}") for n in range(2, 1000))
    return next(candidate for candidate in (path, *numbered) if not candidate.exists())


def markdown(document: Tree) -> str:
    """The table, what it was scored on, the weights and what could not be scored."""
    alignments = ["---:" if column in RIGHT else "---" for column in range(len(HEADS))]
    lines = [f"# Evaluation, {document['evaluated_at']}", ""]
    if document["simulated"]:
        lines += ["**SIMULATED: not real prices.**", ""]
    lines += [_row(HEADS), _row(alignments), *(_row(row) for row in table_rows(document))]
    lines += ["", LEGEND, "", "## Scored on", ""]
    for entry in document["symbols"]:
        model = f"{entry['symbol']} generation {entry['generation']}"
        lines.append(f"- {model}: {entry['part']}, {clean(entry['why'])}")
    lines += ["", "## Weights", ""]
    for entry in document["symbols"]:
        weights = [
            f"{name} {figures.number(weight, 2)}" for name, weight in entry["weights"].items()
        ]
        lines.append(f"- {entry['symbol']}: {', '.join(weights)}")
    if document["problems"]:
        lines += ["", "## Not scored", ""]
        for problem in document["problems"]:
            lines.append(f"- {problem['symbol']}: {clean(problem['message'])}")
    return "\n".join(lines) + "\n"


def _row(texts: Sequence[str]) -> str:
    return "| " + " | ".join(text.replace("|", "\\|") for text in texts) + " |"
