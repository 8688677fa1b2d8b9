"""Training one symbol, from bars to a live model."""

from __future__ import annotations

import dataclasses
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import msgspec
import pytest

from engine.core.clock import SystemClock
from engine.core.errors import Interrupted, ModelError, NoDataError, RefusedError, StockmlError
from engine.core.files import FileLock
from engine.core.paths import Home
from engine.core.records import Run, TrainRequest
from engine.forecast import guard, status
from engine.forecast.fit import Candidate
from engine.forecast.guard import GuardVerdict
from engine.market.fetch import fetch_bars
from engine.runs import training
from engine.runs.spec import RunSpec
from engine.runs.start import begin, launch, plan
from engine.runs.training import train_symbol
from engine.runs.verify import PinnedForecast, Verifier
from engine.runs.work import Task
from engine.settings.load import load
from engine.settings.schema import Settings
from engine.vault.backups import list_backups
from engine.vault.model_file import StoredModel
from tests.helpers import new_home
from tests.runs.conftest import Bench
from tests.vault.files import read_model
from tests.vault.samples import made_newer

Events = list[tuple[str, dict[str, Any]]]


@pytest.fixture(scope="module")
def verifier() -> Iterator[Verifier]:
    """One checking process for the module, as a worker has one."""
    yield training.verifier()
    training.verifier().close()


@pytest.fixture
def home(tmp_path: Path, verifier: Verifier) -> Home:
    return new_home(
        tmp_path / "home",
        market__simulated_sessions=450,
        training__holdout_sessions=60,
        training__sequence_length=20,
    )


def spec_of(home: Home, symbol: str = "NVDA", source: str = "simulated", **more: Any) -> RunSpec:
    request = TrainRequest(
        (symbol,), source=source, members=("naive", "enhanced"), starter="a test", **more
    )
    return plan(load(home, {}), request, SystemClock())


def task_of(
    home: Home, spec: RunSpec, events: Events, cancelled: bool = False, **training: int
) -> Task:
    """The task of the spec's first symbol, which reports into `events`."""
    settings = load(home, {})
    section = msgspec.structs.replace(settings.training, **training)
    return Task(
        home=home,
        settings=msgspec.structs.replace(settings, training=section),
        spec=spec,
        symbol=spec.symbols[0],
        clock=SystemClock(),
        report=lambda kind, data=None: events.append((kind, data or {})),
        cancelled=lambda: cancelled,
    )


def train(home: Home, spec: RunSpec, cancelled: bool = False) -> Events:
    """Train as a worker does, holding the lock; everything it reports."""
    events: Events = []
    with FileLock(home.lock(spec.symbols[0])) as lock:
        assert lock.acquire("a test")
        train_symbol(task_of(home, spec, events, cancelled))
    return events


def last(events: Events) -> tuple[str, dict[str, Any]]:
    return next((kind, data) for kind, data in reversed(events) if kind != "warning")


def test_a_first_training_publishes_a_model_with_its_origin(home: Home) -> None:
    """The file says which run made it from what, the status beside it has its forecast, and each
    step was named."""
    spec = spec_of(home)
    events = train(home, spec)
    kind, data = last(events)
    stored = read_model(home.model("NVDA"))
    assert (kind, data["generation"], data["digest"]) == ("published", 1, stored.manifest.digest)
    manifest = stored.manifest
    assert (manifest.run_id, manifest.source, manifest.reason, manifest.champion) == (
        spec.id,
        "simulated",
        "manual",
        None,
    )
    assert [data["name"] for kind, data in events if kind == "phase"] == [
        "load",
        "features",
        "fit",
        "score",
        "publish",
    ]
    found = status.read(home.status("NVDA"))
    assert found is not None
    assert found.model is not None
    assert found.forecast is not None
    assert (found.model.generation, found.problem) == (1, "")


def test_a_second_training_backs_up_and_replaces_the_first(home: Home) -> None:
    """The champion is compared on the same sessions and stands in a backup of this run."""
    train(home, spec_of(home))
    first = read_model(home.model("NVDA")).manifest.digest
    spec = spec_of(home)
    events = train(home, spec)
    assert last(events)[1]["generation"] == 2
    (scored,) = [data for kind, data in events if kind == "scored"]
    assert scored["champion"]["n_scored"] == scored["metrics"]["n_scored"] == scored["sessions"]
    (backup,) = list_backups(home.models)
    assert backup.run_id == spec.id
    manifest = read_model(home.model("NVDA")).manifest
    assert manifest.parent is not None
    assert manifest.parent.digest == first
    assert manifest.champion is not None
    assert manifest.champion["sessions"] == scored["sessions"]


def test_a_worse_model_is_refused_unless_accepted(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guard's word is final: the champion stays byte for byte, and --accept-worse overrides
    it on record."""
    train(home, spec_of(home))
    before = home.model("NVDA").read_bytes()
    judged = guard.judge

    def stricter(
        candidate: Candidate, champion: StoredModel | None, settings: Settings
    ) -> GuardVerdict:
        return dataclasses.replace(
            judged(candidate, champion, settings), publish=False, reason="MASE 1.2 against 0.9"
        )

    monkeypatch.setattr(guard, "judge", stricter)
    kind, data = last(train(home, spec_of(home)))
    assert (kind, data["message"]) == ("refused", "MASE 1.2 against 0.9")
    assert "--accept-worse" in data["hint"]
    assert home.model("NVDA").read_bytes() == before
    assert last(train(home, spec_of(home, accept_worse=True)))[0] == "published"
    assert read_model(home.model("NVDA")).manifest.accept_worse


def test_only_a_person_replaces_a_model_of_a_newer_stockml(home: Home) -> None:
    """A run that a trigger started is refused;
    one that a person started keeps the file in a backup and counts on from it."""
    train(home, spec_of(home))
    newer = made_newer(home.model("NVDA"), generation=9)
    with pytest.raises(RefusedError, match="was made by a newer stockml"):
        train(home, spec_of(home, reason="auto: age"))
    assert home.model("NVDA").read_bytes() == newer
    assert last(train(home, spec_of(home)))[1]["generation"] == 10
    (backup,) = list_backups(home.models)
    assert (backup.path / "nvda_lstm_model.h5").read_bytes() == newer


def real_bars(home: Home, folder: Path) -> str:
    """A csv source that a test takes for the real market."""
    bars = fetch_bars(home, load(home, {}), "simulated", "NVDA", SystemClock())
    rows = zip(bars.dates, bars.open, bars.high, bars.low, bars.close, bars.volume, strict=True)
    (folder / "csv").mkdir()
    lines = [
        "date,open,high,low,close,volume",
        *(",".join(str(value) for value in row) for row in rows),
    ]
    (folder / "csv" / "NVDA.csv").write_text("\n".join(lines) + "\n")
    return f"csv:{folder / 'csv'}"


def test_another_kind_of_source_is_refused_before_training(home: Home, tmp_path: Path) -> None:
    """Simulated bars never replace a model of real ones unless asked to, and nothing is fitted
    to find out."""
    train(home, spec_of(home, source=real_bars(home, tmp_path)))
    before = home.model("NVDA").read_bytes()
    with pytest.raises(
        RefusedError, match=r"was trained from csv:.*this run reads simulated"
    ) as caught:
        train(home, spec_of(home))
    assert caught.value.hint == "stockml train NVDA --source simulated --replace-source"
    assert home.model("NVDA").read_bytes() == before
    assert last(train(home, spec_of(home, replace_source=True)))[0] == "published"


def test_simulated_bars_never_replace_a_broken_model_of_real_ones(
    home: Home, tmp_path: Path
) -> None:
    """A live file that cannot be read keeps its source as long as status, runs or a backup know
    it."""
    source = real_bars(home, tmp_path)
    train(home, spec_of(home, source=source))
    home.model("NVDA").write_bytes(home.model("NVDA").read_bytes()[:5000])
    with pytest.raises(RefusedError, match=r"was trained from csv:.*this run reads simulated"):
        train(home, spec_of(home))
    kind, data = last(train(home, spec_of(home, source=source)))
    assert (kind, data["generation"]) == ("published", 2)


def test_a_lost_model_leaves_its_generation_behind(home: Home) -> None:
    """The number of a model that was published and whose file is gone is not given to another
    model."""
    train(home, spec_of(home))
    train(home, spec_of(home))
    home.model("NVDA").unlink()
    for backup in list_backups(home.models):
        shutil.rmtree(backup.path)
    assert last(train(home, spec_of(home)))[1]["generation"] == 3


def test_a_backup_that_reaches_no_other_disk_is_reported(home: Home, tmp_path: Path) -> None:
    """The model is published, for the backup here is complete, and the run warns that it has no
    copy."""
    train(home, spec_of(home))
    text = home.settings.read_text()
    home.settings.write_text(text.replace('also_to = ""', f'also_to = "{tmp_path / "absent"}"'))
    events = train(home, spec_of(home))
    assert last(events)[0] == "published"
    assert any(
        "the backup is here only" in data["message"] for kind, data in events if kind == "warning"
    )


def test_no_bars_is_no_data(home: Home, tmp_path: Path) -> None:
    """A source without the symbol ends in NoDataError, exit code 4."""
    (tmp_path / "empty").mkdir()
    with pytest.raises(NoDataError):
        train(home, spec_of(home, source=f"csv:{tmp_path / 'empty'}"))
    assert not home.model("NVDA").exists()


def test_cancel_stops_the_fit(home: Home) -> None:
    """A cancelled fit is an interruption, and nothing is published."""
    with pytest.raises(Interrupted):
        train(home, spec_of(home), cancelled=True)
    assert not home.model("NVDA").exists()


def test_a_disk_that_is_too_full_is_reported_before_any_work(home: Home) -> None:
    """The message has both figures and the key; nothing was loaded."""
    events: Events = []
    with pytest.raises(
        StockmlError, match=r"\d+ MB free in .* 10000000 MB needed \(training.free_disk_mb\)"
    ):
        train_symbol(task_of(home, spec_of(home), events, free_disk_mb=10_000_000))
    assert events == []


@pytest.mark.parametrize("damage", ["truncated", "foreign"])
def test_a_file_that_cannot_be_compared_with_is_kept_in_a_backup_and_replaced(
    home: Home, damage: str
) -> None:
    """A broken or foreign live file does not stop a training;
    it is a warning, and the file stays in a backup."""
    train(home, spec_of(home))
    path = home.model("NVDA")
    if damage == "truncated":
        path.write_bytes(path.read_bytes()[:-1])
    else:
        with h5py.File(path, "w") as file:
            file["x"] = 1
    raw = path.read_bytes()
    events = train(home, spec_of(home))
    assert last(events)[0] == "published"
    assert any(
        "backed up, then replaced" in data.get("message", "")
        for kind, data in events
        if kind == "warning"
    )
    assert read_model(path).manifest.symbol == "NVDA"
    assert raw in [
        copy.read_bytes()
        for backup in list_backups(home.models)
        for copy in backup.path.glob("nvda*")
    ]


def test_the_checking_process_finds_another_forecast_and_a_broken_file(
    home: Home, verifier: Verifier, tmp_path: Path
) -> None:
    """It passes the file that was trained, and no other."""
    train(home, spec_of(home))
    settings, clock = load(home, {}), SystemClock()
    bars, spy = (fetch_bars(home, settings, "simulated", name, clock) for name in ("NVDA", "SPY"))
    found = status.read(home.status("NVDA"))
    assert found is not None
    assert found.forecast is not None
    pinned = PinnedForecast(bars, {"SPY": spy}, found.forecast.next_close)
    checking_process = training.verifier()
    checking_process.check(home, home.model("NVDA"), pinned)
    with pytest.raises(ModelError, match="where the training forecast"):
        checking_process.check(
            home,
            home.model("NVDA"),
            PinnedForecast(bars, {"SPY": spy}, found.forecast.next_close * 1.0001),
        )
    hurt = tmp_path / "hurt.h5"
    raw = bytearray(home.model("NVDA").read_bytes())
    raw[len(raw) // 2] ^= 1
    hurt.write_bytes(raw)
    with pytest.raises(ModelError, match="does not pass its check"):
        checking_process.check(home, hurt, pinned)


def test_a_file_that_does_not_pass_its_check_is_not_published(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the checking process refuses never goes live: the old model stands byte for byte, and
    nothing was backed up."""
    train(home, spec_of(home))
    before, files = (
        home.model("NVDA").read_bytes(),
        sorted(path.name for path in home.models.iterdir()),
    )

    class Refusing:
        def check(self, home: Home, path: Path, pinned: PinnedForecast) -> None:
            assert path.exists() and path != home.model("NVDA")
            raise ModelError("the written model does not pass its check")

    monkeypatch.setattr(training, "verifier", Refusing)
    with pytest.raises(ModelError, match="does not pass its check"):
        train(home, spec_of(home))
    assert home.model("NVDA").read_bytes() == before
    assert sorted(path.name for path in home.models.iterdir()) == files


def test_a_checking_process_that_died_is_started_again(home: Home, verifier: Verifier) -> None:
    """Its death fails one publication in words, never silently, and the next training has a
    fresh one."""
    checking_process = training.verifier()
    os.kill(checking_process._process.pid, 9)
    checking_process._process.wait()
    with pytest.raises(ModelError, match="gave no answer"):
        checking_process._ask({})
    assert last(train(home, spec_of(home)))[0] == "published"


def _real_run(bench: Bench, monkeypatch: pytest.MonkeyPatch, points: str = "") -> Run:
    """A real run of NVDA with the small members, under failpoints."""
    monkeypatch.delenv("STOCKML_TEST_WORK")
    monkeypatch.setenv("STOCKML_FAILPOINTS", points)
    spec = bench.spec("NVDA", source="simulated", members=("naive", "enhanced"))
    return bench.ended(begin(bench.home, spec, launch), 60)


@pytest.mark.parametrize(
    "point",
    ["publish.half", "publish.verified", "publish.synced", "publish.renamed", "publish.done"],
)
def test_a_worker_killed_while_publishing_leaves_the_old_or_the_new_model(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    """kill -9 at a step of publishing, in both tries: the model stands whole, and the run tells
    which one it is."""
    run = _real_run(bench, monkeypatch, f"{point}=kill")
    job, live = run.jobs[0], point in ("publish.renamed", "publish.done")
    assert (str(job.state), bench.home.model("NVDA").exists()) == (
        ("done", True) if live else ("failed", False)
    )
    if live:
        manifest = read_model(bench.home.model("NVDA")).manifest
        assert (manifest.run_id, manifest.generation, job.generation) == (run.id, 1, 1)
    else:
        assert job.message.startswith("killed")
    assert not bench.left()


def test_a_real_run_trains_the_lstm_too(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """One symbol through supervisor and worker with every member, TensorFlow included: losses,
    figures, a live model."""
    monkeypatch.delenv("STOCKML_TEST_WORK")
    spec = bench.spec("SPY", source="simulated", epochs=2)
    run = bench.ended(begin(bench.home, spec, launch), 200)
    job = run.jobs[0]
    assert (str(job.state), job.message, len(job.losses)) == ("done", "", 2)
    assert set(read_model(bench.home.model("SPY")).manifest.weights) == {
        "naive",
        "enhanced",
        "sklearn",
        "lstm",
    }
