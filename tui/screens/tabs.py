"""The screens of the console: names, keys and descriptions; each is imported when first shown."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textual.screen import Screen


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    """One screen that a single key shows from every other."""

    name: str
    key: str
    label: str
    """One word for the palette."""
    short: str
    """Its name in the tab bar."""
    description: str
    screen: str
    """`module:Class`; empty for the dashboard, which is always there."""


TABS = (
    Tab(
        name="dashboard",
        key="1",
        label="dashboard",
        short="Dash",
        description="the dashboard: every symbol",
        screen="",
    ),
    Tab(
        name="runs",
        key="2",
        label="runs",
        short="Runs",
        description="the runs: queue, running, history",
        screen="tui.runs.list:RunsScreen",
    ),
    Tab(
        name="logs",
        key="3",
        label="logs",
        short="Logs",
        description="the log files",
        screen="tui.logs.list:LogsScreen",
    ),
    Tab(
        name="backups",
        key="4",
        label="backups",
        short="Backup",
        description="the backups: verify, restore",
        screen="tui.backups.list:BackupsScreen",
    ),
    Tab(
        name="schedule",
        key="5",
        label="schedule",
        short="Sched",
        description="the schedule: your crontab",
        screen="tui.schedule.screen:ScheduleScreen",
    ),
    Tab(
        name="alerts",
        key="6",
        label="alerts",
        short="Alerts",
        description="the alerts: what fires, acknowledge, mute",
        screen="tui.alerts.screen:AlertsScreen",
    ),
    Tab(
        name="service",
        key="7",
        label="service",
        short="Svc",
        description="the prediction service: requests, latency, models",
        screen="tui.service.screen:ServiceScreen",
    ),
    Tab(
        name="doctor",
        key="8",
        label="doctor",
        short="Doc",
        description="the doctor: can machine, terminal and line do the work",
        screen="tui.doctor.screen:DoctorScreen",
    ),
    Tab(
        name="symbols",
        key="9",
        label="symbols",
        short="Syms",
        description="the symbols: add, change, import, remove",
        screen="tui.symbols.screen:SymbolsScreen",
    ),
    Tab(
        name="settings",
        key="comma",
        label="settings",
        short="Set",
        description="the settings: every key of stockml.toml, and what limits meet",
        screen="tui.settings.screen:SettingsScreen",
    ),
    Tab(
        name="audit",
        key="H",
        label="record",
        short="Record",
        description="the record: who did what, when and from where",
        screen="tui.record.screen:AuditScreen",
    ),
    Tab(
        name="hosts",
        key="0",
        label="hosts",
        short="Hosts",
        description="the hosts: who fits on other machines",
        screen="tui.hosts.screen:HostsScreen",
    ),
)
"""In the order of the bar; a narrow one leaves out the last."""


def make_screen(path: str) -> Screen[Any]:
    """A new screen of the class at `module:Class`."""
    module, _, name = path.partition(":")
    screen: Screen[Any] = getattr(import_module(module), name)()
    return screen
