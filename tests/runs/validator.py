"""What must be true of a home after any fault, whoever was killed and when.

1  every live model file is whole: it reads, its digest is right, and it is of its symbol
2  it is the model that was there before, or one that this run made
3  no symbol is locked by a dead run, and nothing of an ended run is alive
4  no temporary file is taken for a model; the journal reads on
5  the number of valid backups never falls
6  a following run succeeds without help (the caller starts it)
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.core.files import lock_holder
from engine.core.paths import Home
from engine.runs.store import RunStore
from engine.vault.backups import list_backups, verify_backup
from engine.vault.model_file import read_model


@dataclass(frozen=True)
class Standing:
    """What of a home must not get worse: digest and run of each live model, and how many backups are good."""

    models: dict[str, tuple[str, str]]
    backups: int


def standing(home: Home, symbols: tuple[str, ...]) -> Standing:
    """The live models, each read whole (1), and the valid backups."""
    models = {}
    for symbol in symbols:
        if home.model(symbol).exists():
            manifest = read_model(home.model(symbol)).manifest
            assert manifest.symbol == symbol
            models[symbol] = (manifest.digest, manifest.run_id)
    good = [backup for backup in list_backups(home.models) if all(check.ok for check in verify_backup(backup))]
    return Standing(models, len(good))


def validate(home: Home, before: Standing, run_id: str, symbols: tuple[str, ...]) -> Standing:
    """Check all that must be true after the run, and return how things stand now."""
    now = standing(home, symbols)
    for symbol, (digest, origin) in now.models.items():
        assert (digest, origin) == before.models.get(symbol) or origin == run_id, f"{symbol} has the model of another run"
    assert set(before.models) <= set(now.models), "a live model is gone"
    assert now.backups >= before.backups
    assert [symbol for symbol in symbols if lock_holder(home.lock(symbol)) is not None] == []
    names = {path.name for path in home.models.glob("[!.]*.h5")}
    assert names == {home.model(symbol).name for symbol in now.models}
    run = RunStore(home).run(run_id)
    assert run.state.ended
    for job in run.jobs:
        published = now.models.get(job.symbol, ("", ""))[1] == run_id
        assert published or str(job.state) != "done", f"{job.symbol} is called done, and its model is not this run's"
        assert not published or str(job.state) in ("done", "lost", "cancelled", "failed")
    return now
