"""Connections of the cluster: Dask's, over TLS that checks both sides, and nothing is unpickled."""

from __future__ import annotations

import os
from importlib.util import find_spec
from platform import python_version
from typing import Any, NoReturn

from engine.cluster.certificates import ClusterFolder
from engine.core.errors import ConfigError

OPERATION = "stockml_fit"
"""What a home asks of a worker, by name."""
BEAT_S = 2.0
"""Between two words of a side that has nothing to say."""


def _seconds(name: str, usual: float) -> float:
    """A wait, which a test may shorten."""
    text = os.environ.get(name) if os.environ.get("STOCKML_TEST") == "1" else None
    return float(text) if text else usual


SILENT_S = _seconds("STOCKML_TEST_SILENT_S", 15.0)
"""Without a word from the other side, after which it counts as lost."""
NO_HOST_S = _seconds("STOCKML_TEST_NO_HOST_S", 60.0)
"""Without any host, after which the cluster counts as gone."""
EXTRA = "pip install 'stockml[cluster]'"


def software() -> dict[str, str]:
    """What must be the same on every machine of a cluster, by name and version."""
    from engine.forecast.fit import versions

    return {"Python": python_version(), **versions()}


def check_extra() -> None:
    """ConfigError unless the packages of the extra `cluster` are installed."""
    if find_spec("distributed") is None:
        raise ConfigError("training on other machines needs the extra `cluster`", EXTRA)


def _refuse(*_: Any, **__: Any) -> NoReturn:
    raise ValueError("a pickle was sent, and stockml unpickles nothing")


def prepare() -> None:
    """Import Dask for this process, with its unpickling taken away and its web pages off."""
    check_extra()
    import dask

    dask.config.set(
        {
            "logging": {"distributed": "warning"},
            "distributed.worker.http.routes": [],
            "distributed.scheduler.http.routes": [],
            "distributed.comm.require-encryption": True,
            "distributed.comm.timeouts.connect": "5s",
            "distributed.worker.memory.target": False,
            "distributed.worker.memory.spill": False,
            "distributed.worker.memory.pause": False,
            "distributed.worker.memory.terminate": False,
            "distributed.worker.profile.enabled": False,
            "distributed.admin.system-monitor.gil.enabled": False,
        }
    )
    from distributed.protocol import pickle

    # Every reader of Dask's messages calls this one function, also for marked parts of a message.
    pickle.loads = _refuse


def security(folder: ClusterFolder, role: str) -> Any:
    """The certificates of a role for Dask; ConfigError where they are missing."""
    from distributed.security import Security

    folder.check(role)
    key, certificate = str(folder.key(role)), str(folder.certificate(role))
    sides = {
        f"tls_{side}_{kind}": path
        for side in ("client", "scheduler", "worker")
        for kind, path in (("key", key), ("cert", certificate))
    }
    return Security(  # type: ignore[no-untyped-call]
        require_encryption=True, tls_ca_file=str(folder.authority), **sides
    )


async def connect(address: str, folder: ClusterFolder, role: str, wait_s: float) -> Any:
    """A connection to an address `tls://host:port`; OSError when nobody answers in time."""
    from distributed.comm.core import connect as dask_connect

    arguments = security(folder, role).get_connection_args("client")
    return await dask_connect(  # type: ignore[no-untyped-call]
        address, timeout=wait_s, **arguments
    )


async def ask(
    address: str, folder: ClusterFolder, role: str, operation: str, wait_s: float = 5.0
) -> Any:
    """What one operation of a Dask server answers; OSError or TimeoutError without an answer."""
    import asyncio

    comm = await connect(address, folder, role, wait_s)
    try:
        await comm.write({"op": operation, "reply": True})
        return await asyncio.wait_for(comm.read(deserializers=["msgpack"]), wait_s)
    finally:
        comm.abort()
