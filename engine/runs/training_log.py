"""The lines of training.log about a run: `[INFO] 2025-08-13 11:38:37 - text`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from engine.core.events import Event
from engine.core.sources import is_simulated
from engine.core.text import clean
from engine.runs.spec import RunSpec

_EPOCHS_PER_LINE = 10


def log_line(tag: str, moment: datetime, text: str) -> str:
    """One line of the guide's grammar, in local time; tags INFO SUCCESS WARNING ERROR."""
    return f"[{tag}] {moment.astimezone():%Y-%m-%d %H:%M:%S} - {clean(text, 500)}"


def opening_text(spec: RunSpec) -> str:
    """The text for a run that starts."""
    busy = f"; left out as busy: {' '.join(symbol for symbol, _ in spec.busy)}" if spec.busy else ""
    mark = " SIMULATED" if is_simulated(spec.source) else ""
    return (
        f"run {spec.id}: {spec.kind} {' '.join(spec.symbols)} from {spec.source}{mark}"
        f" ({spec.reason}, by {spec.starter}){busy}"
    )


def event_text(event: Event, source: str) -> tuple[str, str] | None:
    """The (tag, text) of an event, simulated bars marked; None when only the journal has it."""
    formatter = _FORMATTERS.get(event.type)
    tagged = formatter(_without_symbol(event)) if formatter else None
    if tagged is None:
        return None
    tag, text = tagged
    mark = "SIMULATED " if is_simulated(source) else ""
    return tag, f"{event.symbol}: {mark}{text}" if event.symbol else f"{mark}{text}"


def _without_symbol(event: Event) -> dict[str, Any]:
    """The event's data, its message without the symbol that the line begins with anyway."""
    message = event.data.get("message")
    if not isinstance(message, str):
        return event.data
    return {**event.data, "message": message.removeprefix(f"{event.symbol}: ")}


def _epoch(data: dict[str, Any]) -> tuple[str, str] | None:
    epoch = data.get("epoch")
    epochs = data.get("epochs")
    if not isinstance(epoch, int) or (epoch % _EPOCHS_PER_LINE and epoch not in (1, epochs)):
        return None
    losses = f"loss {_figure(data.get('loss'))} val_loss {_figure(data.get('val_loss'))}"
    return "INFO", f"epoch {epoch}/{epochs} {losses}"


def _scored(data: dict[str, Any]) -> tuple[str, str]:
    metrics = data.get("metrics")
    if not isinstance(metrics, dict):
        metrics = {}
    text = (
        f"scored on {metrics.get('n_scored', '-')} unseen sessions: MAPE"
        f" {_figure(metrics.get('mape'))} % (naive {_figure(metrics.get('naive_mape'))} %),"
        f" direction {_figure(metrics.get('direction_accuracy'))} %"
    )
    return "INFO", text


def _failed(data: dict[str, Any]) -> tuple[str, str]:
    hint = data.get("hint")
    return "ERROR", f"failed: {data.get('message', '')}" + (f" ({hint})" if hint else "")


def _finished(data: dict[str, Any]) -> tuple[str, str]:
    tag = {"done": "SUCCESS", "failed": "ERROR"}.get(str(data.get("state")), "WARNING")
    return tag, f"run ended: {data.get('state')}; {data.get('message', '')}"


def _figure(number: object) -> str:
    return f"{number:.4g}" if isinstance(number, int | float) else "-"


_FORMATTERS: dict[str, Callable[[dict[str, Any]], tuple[str, str] | None]] = {
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
