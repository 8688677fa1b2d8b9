"""`cluster`: certificates, a trial on this machine, and who works."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from engine.core.errors import ExitCode, UsageError
from engine.core.text import clean
from engine.words.phrases import plural
from engine.words.tables import text_table

if TYPE_CHECKING:
    from engine.cli.session import Session
    from engine.cluster.records import ClusterView

_LISTEN = re.compile(r"[A-Za-z0-9.-]{1,253}:[1-9][0-9]{0,4}")
_LISTEN_DEFAULT = "127.0.0.1:8786"


def init(session: Session) -> int:
    """Write keys and certificates."""
    paths = session.engine.cluster.init()
    folder = session.home.data / "cluster"
    if session.json:
        session.document({"folder": str(folder), "files": sorted(path.name for path in paths)})
        return ExitCode.DONE
    session.facts(
        [
            f"{len(paths)} keys and certificates are in {folder}, mode 0600",
            "whoever holds a worker's certificate can run code on the workers",
            "next: stockml cluster up",
        ]
    )
    return ExitCode.DONE


def up(session: Session, listen: str | None, workers: int) -> int:
    """Start a head and workers on this machine."""
    listen = listen or _LISTEN_DEFAULT
    if not _LISTEN.fullmatch(listen):
        raise UsageError(f"--listen {clean(listen, 100)} is no HOST:PORT", "--listen 0.0.0.0:8786")
    trial = session.engine.cluster.up(f"tls://{listen}", workers)
    if session.json:
        session.document(
            {"address": trial.address, "workers": trial.workers, "units": list(trial.units)}
        )
        return ExitCode.DONE
    session.facts(
        [
            f"a head at {trial.address} and {plural(trial.workers, 'worker')} run on this machine",
            *(f"for other machines: {path}" for path in trial.units),
            f"next: stockml config set training.executor {trial.address}",
        ]
    )
    return ExitCode.DONE


def down(session: Session) -> int:
    """End what `up` started."""
    address = session.engine.cluster.down()
    if session.json:
        session.document({"ended": address})
    else:
        session.facts([f"ended: the head at {address} and its workers on this machine"])
    return ExitCode.DONE


def status(session: Session) -> int:
    """Who works for this home."""
    view = session.engine.cluster.view()
    if session.json:
        session.document(_tree(view))
    elif view.answers:
        session.facts(_lines(view))
    else:
        session.note(f"{view.address or 'no cluster'}: {view.fault}")
    return ExitCode.DONE if view.answers else ExitCode.FAILED


def _tree(view: ClusterView) -> dict[str, Any]:
    return {
        "address": view.address or None,
        "answers": view.answers,
        "fault": view.fault or None,
        "hosts": [
            {
                "host": host.host,
                "worker": host.worker,
                "state": host.state,
                "symbol": host.symbol or None,
                "word": host.word or None,
                "memory_mb": host.memory_mb,
                "free_mb": host.free_mb,
                "last_seen_s": host.last_seen_s,
                "versions": host.versions,
            }
            for host in view.hosts
        ],
    }


def _lines(view: ClusterView) -> list[str]:
    from engine.cluster.host_table import HOST_COLUMNS, host_rows

    if not view.hosts:
        return [f"{view.address}: no worker has joined"]
    return [
        f"{view.address}: {plural(len(view.hosts), 'worker')}",
        *text_table(HOST_COLUMNS, host_rows(view.hosts)),
    ]
