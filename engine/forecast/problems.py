"""Why a symbol could not be scored, as the documents of evaluation and backtest say it."""

from __future__ import annotations

from typing import Any

from engine.core.errors import StockmlError


def problem_entry(symbol: str, error: StockmlError) -> dict[str, Any]:
    """One entry under `problems`."""
    return {
        "symbol": symbol,
        "message": error.message,
        "hint": error.hint,
        "exit_code": int(error.exit_code),
    }
