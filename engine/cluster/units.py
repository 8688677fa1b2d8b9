"""The systemd units for the machines of a cluster: one for its head, one for each worker."""

from __future__ import annotations

import sys
from pathlib import Path

from engine.cluster.certificates import ClusterFolder
from engine.core.files import write_atomic

PLACE = "/etc/stockml-cluster"
"""Where the units expect the certificates on the other machines."""

_UNIT = """# {what}. Copy to that machine: this file to /etc/systemd/system, and to {place}
# (mode 0700, its files 0600): {files}.
[Unit]
Description=stockml cluster: {what}
After=network-online.target
Wants=network-online.target
StartLimitIntervalSec=0

[Service]
ExecStart={python} -P -m {module} {place} {words}
# A worker whose head is gone ends with 0 and has to come back all the same.
Restart=always
RestartSec=5
NoNewPrivileges=yes
PrivateTmp=yes

[Install]
WantedBy=multi-user.target
"""


def unit_texts(address: str, python: str) -> dict[str, str]:
    """Name and text of each unit, for a head that is reached at `address`."""
    port = address.rpartition(":")[2]
    head = _UNIT.format(
        what="the head",
        place=PLACE,
        files="ca.pem head.pem head.key",
        python=python,
        module="engine.cluster.head",
        words=f"tls://0.0.0.0:{port}",
    )
    worker = _UNIT.format(
        what="a worker; %i is its number on the machine, one for each core",
        place=PLACE,
        files="ca.pem worker.pem worker.key",
        python=python,
        module="engine.cluster.node",
        words=f"{address} %H-%i",
    )
    return {"stockml-head.service": head, "stockml-worker@.service": worker}


def write_units(folder: ClusterFolder, address: str) -> tuple[Path, ...]:
    """Write the units into the folder `units`, for copying."""
    place = folder.path / "units"
    place.mkdir(mode=0o700, exist_ok=True)
    paths = []
    for name, text in unit_texts(address, sys.executable).items():
        write_atomic(place / name, text.encode(), mode=0o600)
        paths.append(place / name)
    return tuple(paths)
