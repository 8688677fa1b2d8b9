"""The screens by name, each made when it is first wanted: what it imports costs nothing before."""

from __future__ import annotations

from importlib import import_module

from tui.screens.live import LiveScreen

TABS = {
    "runs": "tui.runs.list:RunsScreen",
    "logs": "tui.logs.list:LogsScreen",
    "backups": "tui.backups.list:BackupsScreen",
    "schedule": "tui.schedule.screen:ScheduleScreen",
    "service": "tui.service.screen:ServiceScreen",
    "alerts": "tui.alerts.screen:AlertsScreen",
    "doctor": "tui.doctor.screen:DoctorScreen",
    "settings": "tui.settings.screen:SettingsScreen",
    "audit": "tui.record.screen:AuditScreen",
}


def make_tab(name: str) -> LiveScreen | None:
    """A new screen of that name; None for the dashboard, which is always below."""
    if name not in TABS:
        return None
    module, _, cls = TABS[name].partition(":")
    screen = getattr(import_module(module), cls)()
    assert isinstance(screen, LiveScreen)
    return screen
