"""The facade of the cluster: certificates, a trial on this machine, and who works."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from engine.core.audit import audited
from engine.core.child import child_environment
from engine.core.errors import ConfigError, StockmlError
from engine.core.text import clean_bytes
from engine.core.workers import WorkerCount
from engine.settings.facade import Facade

if TYPE_CHECKING:
    from engine.cluster.certificates import ClusterFolder
    from engine.cluster.records import ClusterView, TrialCluster

_LOOK_WAIT_S = 20.0


class ClusterFacade(Facade):
    """The cluster of the home; looking at it takes a child process of a second."""

    @property
    def folder(self) -> ClusterFolder:
        """Its certificates."""
        from engine.cluster.certificates import ClusterFolder

        return ClusterFolder.of(self.home)

    @property
    def address(self) -> str:
        """Where its head listens: of the trial that runs, else of the settings; else empty."""
        from engine.cluster.trial import read_trial

        trial = read_trial(self.folder)
        configured = self.context.settings.training.executor
        return trial.address if trial else configured.removeprefix("local")

    @audited("cluster", lambda: {"init": "yes"})
    def init(self) -> tuple[Path, ...]:
        """Make keys and certificates; RefusedError where there are some, ConfigError (openssl)."""
        from engine.cluster.certificates import make_certificates

        return make_certificates(self.folder)

    @audited("cluster", lambda address, workers: {"up": address, "workers": workers})
    def up(self, address: str, workers: int) -> TrialCluster:
        """Start a head at `address` and workers on this machine, and write units for others.

        ConfigError without the extra or certificates, RefusedError while a trial runs.
        """
        from engine.cluster.link import check_extra
        from engine.cluster.records import TrialCluster
        from engine.cluster.trial import start_trial
        from engine.cluster.units import write_units

        check_extra()
        for role in ("home", "head", "worker"):
            self.folder.check(role)
        trial = start_trial(self.folder, address, workers, self.clock)
        units = write_units(self.folder, address)
        return TrialCluster(
            address=trial.address,
            workers=len(trial.processes) - 1,
            units=tuple(str(path) for path in units),
        )

    @audited("cluster", lambda: {"down": "yes"})
    def down(self) -> str:
        """End the head and the workers that `up` started; their address. RefusedError: none."""
        from engine.cluster.trial import stop_trial

        return stop_trial(self.folder, self.clock).address

    def view(self) -> ClusterView:
        """Who works for this home; a view with a fault where the head does not answer."""
        from engine.cluster.records import ClusterView

        address = self.address
        if not address:
            fault = "this home has no cluster: training.executor is local"
            return ClusterView(address="", fault=fault)
        return self._look(address)

    def _look(self, address: str) -> ClusterView:
        from engine.cluster.records import ClusterView

        command = [
            sys.executable,
            "-P",
            "-m",
            "engine.cluster.look",
            str(self.folder.path),
            address,
        ]
        try:
            ended = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_LOOK_WAIT_S,
                env=child_environment(),
                check=False,
            )
            return msgspec.json.decode(ended.stdout, type=ClusterView)
        except subprocess.TimeoutExpired:
            return ClusterView(address=address, fault=f"no answer within {_LOOK_WAIT_S:g} s")
        except msgspec.MsgspecError as error:
            last = clean_bytes(ended.stderr.strip().rpartition(b"\n")[2], 300)
            raise StockmlError(f"the look at {address} failed: {last}") from error

    def capacity(self) -> WorkerCount:
        """How many workers the head that the settings name has; at least one, as more may join.

        ConfigError without the extra or this home's certificates.
        """
        from engine.cluster.link import check_extra

        executor = self.context.settings.training.executor
        try:
            check_extra()
            self.folder.check("home")
        except ConfigError as error:
            text = f"training.executor = {executor}: {error.message}"
            raise ConfigError(text, error.hint) from error
        view = self._look(executor)
        if not view.answers:
            return WorkerCount(1, f"{executor} does not answer: {view.fault}")
        return WorkerCount(max(1, len(view.hosts)), f"of {executor}")
