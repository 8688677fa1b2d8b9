"""Fits on other machines, which are processes here: results, and each way to lose them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from engine.api import Engine
from engine.core.child import child_environment
from engine.core.records import JobState
from engine.runs.spec import read_spec
from tests.cluster.conftest import ClusterBench
from tests.helpers import wait_for

DONE, FAILED = JobState.DONE, JobState.FAILED


def test_a_remote_fit_has_the_metrics_of_a_local_one(cluster: ClusterBench) -> None:
    """Two workers fit three symbols; the same seed here gives the same figures to the last bit."""
    cluster.up()
    assert len(Engine(cluster.home).cluster.view().hosts) == 2
    folder = cluster.start("NVDA", "TSLA", "SPY")
    remote = cluster.ended(folder)
    assert read_spec(folder).remote_workers == 2
    assert [job.state for job in remote.jobs] == [DONE] * 3, remote
    assert cluster.published(folder) == 3
    assert '"name":"fit","host":"' in folder.events.read_text()
    assert remote.skipped_lines == 0
    Engine(cluster.home).settings.set_text("training.executor", "local")
    local = cluster.ended(cluster.start("NVDA", "TSLA", "SPY"))
    assert [job.metrics for job in local.jobs] == [job.metrics for job in remote.jobs]
    wait_for(lambda: cluster.far_fits() == [], 30, "the end of the workers that wait in vain")
    assert list(cluster.hold.glob("stockml-fit-*")) == []


def test_a_killed_worker_costs_one_retry(cluster: ClusterBench) -> None:
    """The other worker takes the symbol; the first one's host is named, one model is published."""
    cluster.up(held=True)
    folder = cluster.start("NVDA")
    cluster.held(folder, "NVDA")
    os.kill(cluster.fitting_node(), signal.SIGKILL)
    cluster.held(folder, "NVDA", 2)
    cluster.go()
    assert cluster.ended(folder).jobs[0].state is DONE
    assert "was lost" in folder.events.read_text()
    assert "tried once more" in folder.events.read_text()
    assert cluster.published(folder) == 1
    wait_for(lambda: cluster.far_fits() == [], 20, "the end of the lost fit")


def test_a_frozen_worker_counts_as_lost(cluster: ClusterBench) -> None:
    """After the silence another one fits; the first, once it goes on, publishes nothing."""
    cluster.up(held=True)
    folder = cluster.start("NVDA")
    cluster.held(folder, "NVDA")
    frozen = cluster.fitting_node()
    os.kill(frozen, signal.SIGSTOP)
    cluster.held(folder, "NVDA", 2)
    os.kill(frozen, signal.SIGCONT)
    cluster.go()
    assert cluster.ended(folder).jobs[0].state is DONE
    assert "no word for 6 s" in folder.events.read_text()
    assert cluster.published(folder) == 1
    wait_for(lambda: cluster.far_fits() == [], 20, "the end of the lost fit")


def test_without_a_head_the_run_goes_on_here(cluster: ClusterBench) -> None:
    """The head is killed during a fit: told, and each symbol is done on this machine."""
    cluster.up(1, held=True)
    folder = cluster.start("NVDA", "TSLA")
    cluster.held(folder, "NVDA")
    os.kill(cluster.head(), signal.SIGKILL)
    run = cluster.ended(folder)
    assert [job.state for job in run.jobs] == [DONE] * 2
    assert "the run goes on on this machine" in folder.events.read_text()
    assert cluster.published(folder) == 2


def test_without_a_head_and_a_fallback_the_run_fails_in_words(cluster: ClusterBench) -> None:
    """Nobody listens at all: each symbol fails with the address and the cause."""
    Engine(cluster.home).settings.set_text("training.executor_fallback", "false")
    run = cluster.ended(cluster.start("NVDA", "TSLA"))
    assert [job.state for job in run.jobs] == [FAILED] * 2
    for job in run.jobs:
        assert f"{cluster.address}: no host takes it for 3 s" in job.message
        assert "the head does not answer" in job.message


def test_a_killed_supervisor_ends_the_far_fit(cluster: ClusterBench) -> None:
    """Nothing of the run stays alive on any machine, and nothing is published."""
    cluster.up(1, held=True)
    folder = cluster.start("NVDA")
    cluster.held(folder, "NVDA")
    holder = folder.lock.read_text()
    os.kill(int(holder.partition("supervisor pid ")[2].split()[0]), signal.SIGKILL)
    wait_for(lambda: cluster.far_fits() == [], 30, "the end of the far fit")
    assert cluster.published(folder) == 0
    assert not cluster.home.model("NVDA").exists()


def test_a_cancelled_run_ends_the_far_fit(cluster: ClusterBench) -> None:
    """The job is cancelled, not failed."""
    cluster.up(1, held=True)
    folder = cluster.start("NVDA")
    cluster.held(folder, "NVDA")
    Engine(cluster.home).runs.cancel(folder.id)
    assert cluster.ended(folder).jobs[0].state is JobState.CANCELLED
    wait_for(lambda: cluster.far_fits() == [], 20, "the end of the far fit")


def test_a_worker_of_another_version_may_not_join(cluster: ClusterBench, tmp_path: Path) -> None:
    """It ends in words that name both versions; the head lists it never."""
    cluster.up(1)
    other = tmp_path / "other" / "stockml-9.9.dist-info"
    other.mkdir(parents=True)
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: stockml\nVersion: 9.9\n")
    environment = child_environment()
    environment["PYTHONPATH"] = f"{other.parent}:{environment['PYTHONPATH']}"
    words = [str(cluster.folder.path), cluster.address, "stranger"]
    ended = subprocess.run(
        [sys.executable, "-m", "engine.cluster.node", *words],
        env=environment,
        cwd=tmp_path,  # a checkout may hold metadata of its own
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    assert f"stockml 9.9 there, {version('stockml')} here" in ended.stderr.decode()
    assert [host.worker for host in Engine(cluster.home).cluster.view().hosts] == ["worker-1"]


def test_a_client_without_our_certificate_is_refused(cluster: ClusterBench) -> None:
    """Neither plain TCP nor TLS without a certificate gets an answer of the head."""
    cluster.up(1)
    program = """
import asyncio, ssl, sys
from distributed.comm.core import connect
async def ask(address, **more):
    comm = await connect(address, timeout=3, **more)
    await comm.write({"op": "identity", "reply": True})
    print("answered", await asyncio.wait_for(comm.read(), 3))
context = ssl.create_default_context(cafile=sys.argv[2])
context.check_hostname = False
for address, more in (
    (sys.argv[1].replace("tls", "tcp"), {}),
    (sys.argv[1], {"ssl_context": context, "require_encryption": True}),
):
    try:
        asyncio.run(ask(address, **more))
    except (OSError, asyncio.TimeoutError) as error:
        print("refused", type(error).__name__)
"""
    words = [cluster.address, str(cluster.folder.authority)]
    asked = subprocess.run(
        [sys.executable, "-c", program, *words], capture_output=True, text=True, timeout=60
    )
    assert asked.stdout.split("\n")[:2] != [], asked.stderr
    assert "answered" not in asked.stdout
    assert asked.stdout.count("refused") == 2


def test_a_pickle_is_never_opened(cluster: ClusterBench) -> None:
    """What a head or a worker sends as a pickle is an error, not code that runs."""
    program = """
from engine.cluster.link import prepare
prepare()
from distributed.protocol.core import dumps, loads
from distributed.protocol.serialize import Serialize, ToPickle
for message in ({"head": ToPickle(print)}, {"head": Serialize(print)}):
    try:
        print("opened", loads(dumps(message)))
    except (ValueError, TypeError) as error:
        print("refused:", error)
"""
    asked = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert asked.stdout.count("refused: a pickle was sent") == 2, asked.stderr
