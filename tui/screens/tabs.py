"""The screens by name, each made when it is first wanted: what it imports costs nothing before."""

from __future__ import annotations

from importlib import import_module

from tui.screens.live import LiveScreen

TABS = {
    "runs": "tui.screens.runs:RunsScreen",
    "logs": "tui.screens.logs:LogsScreen",
    "backups": "tui.screens.backups:BackupsScreen",
    "schedule": "tui.screens.schedule:ScheduleScreen",
    "service": "tui.screens.service:ServiceScreen",
    "alerts": "tui.screens.alerts:AlertsScreen",
    "doctor": "tui.screens.doctor:DoctorScreen",
    "settings": "tui.screens.settings:SettingsScreen",
    "audit": "tui.screens.audit:AuditScreen",
}


def make_tab(name: str) -> LiveScreen | None:
    """A new screen of that name; None for the dashboard, which is always below."""
    if name not in TABS:
        return None
    module, _, cls = TABS[name].partition(":")
    screen = getattr(import_module(module), cls)()
    assert isinstance(screen, LiveScreen)
    return screen
