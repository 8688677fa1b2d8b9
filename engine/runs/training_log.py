"""What stands in training.log about a run: the guide's lines, `[INFO] 2025-08-13 11:38:37 -
text`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from engine.core.events import Event
from engine.core.text import clean
from engine.runs.spec import RunSpec

_EVERY = 10


def log_line(tag: str, moment: datetime, text: str) -> str:
    """One line of the guide's grammar, in local time; tags INFO SUCCESS WARNING ERROR."""
    return f"[{tag}] {moment.astimezone():%Y-%m-%d %H:%M:%S} - {clean(text, 500)}"


def opening(spec: RunSpec) -> str:
    """What is said of a run when it starts."""
    busy = f"; left out as busy: {' '.join(symbol for symbol, _ in spec.busy)}" if spec.busy else ""
    mark = " SIMULATED" if spec.source == "simulated" else ""
    return (
        f"run {spec.id}: {spec.kind} {' '.join(spec.symbols)} from {spec.source}{mark}"
        f" ({spec.reason}, by {spec.starter}){busy}"
    )


def narrate(event: Event, source: str) -> tuple[str, str] | None:
    """The (tag, text) that training.log says of an event, or None for one it leaves to the journal.

    Lines outlive the run's first one in a tail, so that each names simulated bars itself.
    """
    teller = _TELLERS.get(event.type)
    said = teller(_unnamed(event)) if teller else None
    if said is None:
        return None
    tag, text = said
    mark = "SIMULATED " if source == "simulated" else ""
    return tag, f"{event.symbol}: {mark}{text}" if event.symbol else f"{mark}{text}"


def _unnamed(event: Event) -> dict[str, Any]:
    """What the event says, without the symbol that the line begins with anyway."""
    message = event.data.get("message")
    return (
        {**event.data, "message": message.removeprefix(f"{event.symbol}: ")}
        if isinstance(message, str)
        else event.data
    )


def _epoch(data: dict[str, Any]) -> tuple[str, str] | None:
    epoch, epochs = data.get("epoch"), data.get("epochs")
    if not isinstance(epoch, int) or (epoch % _EVERY and epoch not in (1, epochs)):
        return None
    return (
        "INFO",
        (
            f"epoch {epoch}/{epochs} loss {_figure(data.get('loss'))} val_loss"
            f" {_figure(data.get('val_loss'))}"
        ),
    )


def _scored(data: dict[str, Any]) -> tuple[str, str]:
    found = data.get("metrics")
    metrics = found if isinstance(found, dict) else {}
    return (
        "INFO",
        (
            f"scored on {metrics.get('n_scored', '-')} unseen sessions: MAPE"
            f" {_figure(metrics.get('mape'))} % (naive {_figure(metrics.get('naive_mape'))} %),"
            f" direction {_figure(metrics.get('direction_accuracy'))} %"
        ),
    )


def _failed(data: dict[str, Any]) -> tuple[str, str]:
    hint = data.get("hint")
    return "ERROR", f"failed: {data.get('message', '')}" + (f" ({hint})" if hint else "")


def _finished(data: dict[str, Any]) -> tuple[str, str]:
    tag = {"done": "SUCCESS", "failed": "ERROR"}.get(str(data.get("state")), "WARNING")
    return tag, f"run ended: {data.get('state')}; {data.get('message', '')}"


def _figure(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, int | float) else "-"


_TELLERS: dict[str, Callable[[dict[str, Any]], tuple[str, str] | None]] = {
    "started": lambda _: ("INFO", "training started"),
    "epoch": _epoch,
    "scored": _scored,
    "warning": lambda data: ("WARNING", str(data.get("message", ""))),
    "published": lambda data: ("SUCCESS", f"published generation {data.get('generation', '-')}"),
    "refused": lambda data: ("WARNING", f"refused: {data.get('message', '')}"),
    "failed": _failed,
    "cancelled": lambda _: ("WARNING", "cancelled"),
    "cancelling": lambda data: ("WARNING", f"cancel asked by {data.get('by', '?')}"),
    "finished": _finished,
}
