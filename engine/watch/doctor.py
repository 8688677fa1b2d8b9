"""Doctor: whether this machine and terminal can run stockml, with a fix for each problem."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import socket
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine.core.clock import iso
from engine.core.errors import FileError
from engine.core.link import load_link
from engine.core.paths import Home
from engine.core.reading import read_text
from engine.core.records import Level
from engine.core.sources import follows_exchange
from engine.core.text import clean
from engine.core.trust import file_faults, filesystem_of, folder_fault, folders
from engine.settings.schema import Settings
from engine.watch.health_item import item, level_of
from engine.watch.history_repair import history_item
from engine.watch.machine import Machine, terminal_items
from engine.watch.records import Item
from engine.watch.seal_repair import seal_items
from engine.words import figures, times

if TYPE_CHECKING:
    from engine.schedule.records import Daemon

PACKAGES = (
    "textual",
    "tensorflow",
    "scikit-learn",
    "pandas",
    "numpy",
    "h5py",
    "yfinance",
    "msgspec",
    "psutil",
    "apprise",
)
# What the console may send while 13 symbols train and a thousand log lines come a second.
MOST_KB_S = 20.0
_START = "start it, or move the jobs to the other: stockml schedule install [--systemd] --move"
YAHOO = ("query1.finance.yahoo.com", 443)


def settings_items(problems: Iterable[str]) -> Iterator[Item]:
    """Each mistake of the settings; none is asked of a home that has none."""
    for problem in problems:
        fix = "`stockml` opens the Settings, which show the line and take another"
        yield Item("settings", Level.CRIT, clean(problem, 400), fix)


def doctor(
    home: Home,
    settings: Settings,
    machine: Machine,
    daemon: Daemon,
    zone: str,
    schedule_notes: Sequence[str] = (),
) -> Iterator[Item]:
    """Every item; `daemon` starts the jobs, in the times of `zone`. The network is asked last."""
    yield from terminal_items(machine)
    yield _link(home)
    yield from _logout(machine)
    yield _cron(daemon)
    yield _zone(zone)
    yield from (Item("cron", Level.WARN, text, "stockml schedule show") for text in schedule_notes)
    yield from _folder(home, settings)
    yield from seal_items(home, settings.names)
    yield history_item(home)
    yield _python()
    yield from _packages(importlib.metadata.version)
    yield _network(settings)


def _link(home: Home) -> Item:
    """The last console's measurements of its line; this process draws nothing."""
    try:
        link = load_link(home)
    except FileError as error:
        return Item(
            "link",
            Level.WARN,
            f"its figures cannot be read: {clean(str(error), 300)}",
            f"rm {home.link}",
        )
    if link is None:
        return Item(
            "link",
            Level.OK,
            "not measured: no console was open in this home for more than ten seconds",
        )
    terminal = clean(link.terminal, 40) or "a terminal without a name"
    seconds = link.longest_stall_s
    stall = f"; its event loop stalled for {times.latency(seconds)}" if seconds else ""
    shown = (
        f"{clean(link.link, 10)} line, {link.columns}x{link.lines} on {terminal}{stall};"
        f" measured {iso(link.measured_at)} by the console of process {link.pid}"
    )
    # No fault of the machine: somebody who pages through a log on a fast line sends as much.
    heavy = link.bytes_per_s / 1000 > MOST_KB_S and link.link == "fast"
    return Item("link", Level.OK, shown, "on a thin line: stockml --link slow" if heavy else "")


def _logout(machine: Machine) -> Iterator[Item]:
    """Whether logind kills runs at logout: KillUserProcesses is on, the user does not linger."""
    try:
        lines = read_text(machine.logind, links=True).splitlines()
        # Drop-ins count after the file, in the order of their names.
        for path in sorted(machine.logind.with_name(f"{machine.logind.name}.d").glob("*.conf")):
            lines += read_text(path, links=True).splitlines()
    except (OSError, FileError):
        yield Item("logout", Level.OK, "no systemd-logind: logging out kills no run")
        return
    values = [
        line.partition("=")[2].strip().lower()
        for line in lines
        if line.strip().startswith("KillUserProcesses=")
    ]
    kills = bool(values) and values[-1] in ("yes", "true", "1", "on")
    lingers = bool(machine.user) and (machine.linger / machine.user).exists()
    if kills and not lingers:
        yield Item(
            "logout",
            Level.CRIT,
            "logging out kills runs (KillUserProcesses=yes)",
            "loginctl enable-linger",
        )
    else:
        yield Item(
            "logout", Level.OK, "runs live on after a logout" + (" (lingering)" if lingers else "")
        )


def _cron(daemon: Daemon) -> Item:
    if daemon.running:
        return Item("cron", Level.OK, str(daemon))
    return Item(
        "cron", Level.WARN, str(daemon), "stockml schedule check" if daemon.hidden else _START
    )


def _zone(zone: str) -> Item:
    environ = os.environ.get("TZ", "")
    shown = f"cron keeps {zone or 'an unnamed zone'}" + (
        f", this shell TZ={clean(environ, 40)}" if environ else ""
    )
    differs = bool(environ) and environ.lstrip(":") != zone
    fix = "read the times of `schedule show` in the zone of cron" if differs else ""
    return Item("time zone", Level.WARN if differs else Level.OK, shown, fix)


def home_item(root: Path, kind: str, *, writable: bool, readonly: bool) -> Item:
    """Whether the home can be written; `kind` of file system, `readonly` as it is mounted."""
    if writable:
        return Item("home", Level.OK, f"{root} on {kind}")
    if readonly:
        return Item(
            "home",
            Level.CRIT,
            f"{root} on {kind}, mounted read-only",
            "mount it writable; the system log has the reason",
        )
    return Item(
        "home", Level.CRIT, f"{root} on {kind}, not writable", f"chown -R {os.getuid()} {root}"
    )


def _folder(home: Home, settings: Settings) -> Iterator[Item]:
    kind = filesystem_of(home.root) or "unknown file system"
    readonly = bool(os.statvfs(home.root).f_flag & os.ST_RDONLY)
    yield home_item(
        home.root, kind, writable=os.access(home.root, os.W_OK | os.X_OK), readonly=readonly
    )
    yield from _owners(home)
    if home.secrets.exists() and home.secrets.stat().st_mode & 0o077:
        yield Item(
            "secrets",
            Level.CRIT,
            "secrets.toml can be read by others: nothing is sent",
            f"chmod 600 {home.secrets}",
        )
    free = shutil.disk_usage(home.root).free / 2**20
    need = settings.training.free_disk_mb
    low = free < 4 * need
    level = level_of(critical=free < need, warning=low)
    yield item(
        "disk", level, f"{figures.count(int(free))} MB free, {need} MB needed", "stockml clean"
    )


def _owners(home: Home) -> Iterator[Item]:
    """Each folder that the other commands refuse, and each file that others can change."""
    refused = [fault for folder in folders(home) if (fault := folder_fault(home, folder))]
    doubtful = list(file_faults(home))
    yield from (Item("owners", Level.CRIT, fault.text, fault.command) for fault in refused)
    yield from (Item("owners", Level.WARN, fault.text, fault.command) for fault in doubtful)
    if not refused and not doubtful:
        yield Item("owners", Level.OK, "the folders and models of the home are yours alone")


def _python() -> Item:
    good = sys.version_info >= (3, 11)
    shown = ".".join(str(part) for part in sys.version_info[:3])
    return Item(
        "python",
        Level.OK if good else Level.CRIT,
        f"{shown} ({sys.executable})",
        "" if good else "Python 3.11 or newer",
    )


def _packages(version: Callable[[str], str]) -> Iterator[Item]:
    installed = []
    missing = []
    for name in PACKAGES:
        number = _version(name, version)
        # The CPU build of TensorFlow is a distribution of its own.
        if number is None and name == "tensorflow":
            number = _version("tensorflow-cpu", version)
        if number is None:
            missing.append(name)
        else:
            installed.append(f"{name} {number}")
    if missing:
        yield Item("packages", Level.CRIT, f"missing: {' '.join(missing)}", "make install")
    yield Item("packages", Level.OK, ", ".join(installed))


def _version(name: str, version: Callable[[str], str]) -> str | None:
    try:
        return version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _network(settings: Settings, limit_s: float = 5.0) -> Item:
    """Whether Yahoo can be reached; needed only where bars come from there."""
    needed = follows_exchange(settings.market.source)
    host, port = YAHOO
    try:
        with socket.create_connection((host, port), timeout=limit_s):
            return Item("network", Level.OK, f"{host} answers")
    except OSError as error:
        text = f"{host} cannot be reached ({clean(str(error), 80)})"
        if not needed:
            return Item(
                "network", Level.OK, f"{text}, and is not needed: bars are {settings.market.source}"
            )
        return Item(
            "network",
            Level.WARN,
            text,
            "check DNS, proxy and firewall; stored bars are used meanwhile",
        )
