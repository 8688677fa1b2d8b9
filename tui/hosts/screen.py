"""The Hosts screen: each worker of the cluster, as its head describes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from engine.cluster.host_table import HOST_COLUMNS, host_rows
from engine.cluster.records import ClusterHost, ClusterView
from engine.words.phrases import plural
from engine.words.tables import meanings
from tui.keys.table import bindings
from tui.look.table import table
from tui.screens.base import Sections
from tui.screens.live import LiveScreen
from tui.widgets.lines import Line, Span, line
from tui.widgets.picker import Picker

_STYLES = {"fitting": "live", "silent": "crit"}


class HostsScreen(LiveScreen):
    """A plain list; the commands `cluster up` and `cluster down` change it."""

    GROUP = "hosts"
    NAME = "Hosts"
    TAB = "hosts"
    # Each look is a child process of a second.
    EVERY = 15.0
    BINDINGS: ClassVar[list[BindingType]] = bindings("hosts")

    value: ClusterView | None

    def look(self) -> ClusterView:
        return self.shell.engine.cluster.view()

    def compose_body(self) -> ComposeResult:
        yield Picker(id="hosts")

    def facts(self) -> Sequence[Span]:
        if self.value is None or not self.value.answers:
            return ()
        machines = len({host.host for host in self.value.hosts})
        fitting = sum(bool(host.symbol) for host in self.value.hosts)
        workers = plural(len(self.value.hosts), "worker")
        text = f"{self.value.address}: {plural(machines, 'host')}, {workers}, {fitting} fitting"
        return ((text, "dim"),)

    def sections(self) -> Sections:
        return (("Columns", meanings(HOST_COLUMNS)),)

    def draw(self) -> None:
        picker = self.query_one(Picker)
        if self.value is None:
            picker.fill((), (), self.waiting("asking the head of the cluster"))
            return
        hosts = self.value.hosts
        cells = [_styled(host, row) for host, row in zip(hosts, host_rows(hosts), strict=True)]
        header, lines = table(HOST_COLUMNS, cells, picker.size.width - 2)
        rows = [(host.worker, text) for host, text in zip(hosts, lines, strict=True)]
        picker.fill(header, rows, empty_lines(self.value))


def _styled(host: ClusterHost, row: Sequence[str]) -> tuple[Span, ...]:
    style = _STYLES.get(host.state, "")
    return tuple((text, style if text == host.state else "") for text in row)


def empty_lines(view: ClusterView) -> tuple[Line, ...]:
    """Why there is no worker, and the next step."""
    if not view.address:
        return (
            line("this home trains on its own machine (training.executor is local)", "dim"),
            line("more machines: stockml cluster --help", "dim"),
        )
    if not view.answers:
        return (line(f"{view.address}: {view.fault}", "warn"),)
    return (line(f"{view.address}: no worker has joined", "warn"),)
