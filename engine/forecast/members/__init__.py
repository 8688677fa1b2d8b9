"""The forecasters of the ensemble: one module and one row each."""

from __future__ import annotations

MEMBERS: dict[str, str] = {
    "naive": "engine.forecast.members.naive",
    "enhanced": "engine.forecast.members.enhanced",
    "sklearn": "engine.forecast.members.sklearn",
    "lstm": "engine.forecast.members.lstm",
}
"""Name → module, in the order shown; a module is imported when its member is used."""
