"""The running service seen from outside: state, statistics, models, any other user of its port."""

from __future__ import annotations

from engine.client.place import configured_address
from engine.client.service_client import ServiceClient, ask_service, service_state
from engine.core.paths import Home
from engine.service.records import Overview
from engine.settings.schema import Settings


def overview(home: Home, settings: Settings, deadline_s: float) -> Overview:
    """Ask for everything, each request within `deadline_s`; only the state if health is unknown."""
    state = service_state(home, deadline_s)
    if not state.running:
        return Overview(state, stranger=_stranger(settings, deadline_s))
    if state.word in ("starting", "silent", "error"):
        return Overview(state)
    stats, models = (
        ask_service(home, f"/api/v1/{name}", deadline_s) for name in ("stats", "models")
    )
    listed = models.tree.get("models")
    trees = listed if isinstance(listed, list) else []
    return Overview(
        state=state,
        stats=stats.tree if stats.ok else {},
        models=tuple(tree for tree in trees if isinstance(tree, dict)),
        fault=stats.problem or models.problem,
    )


def _stranger(settings: Settings, deadline_s: float) -> str:
    """Which other program has the port of `stockml serve`; asked without the token."""
    reply = ServiceClient(*configured_address(settings)).get("/", deadline_s)
    if reply.unreachable:
        return ""
    if reply.tree.get("service") == "stockml":
        return "a stockml service of another home"
    if not reply.status:
        return "another program, which does not answer HTTP"
    return f"another program, which answers HTTP {reply.status}"
