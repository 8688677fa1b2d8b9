"""The work of a run of kind `fit`: the bars of a request become a model file, and go no further."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from engine.cluster.messages import MAX_BYTES, Message, RemoteFitRequest, received_bars
from engine.cluster.scratch import forecast_file, model_file, request_file
from engine.core.clock import iso
from engine.core.errors import StockmlError
from engine.core.files import write_atomic
from engine.core.reading import read_bytes
from engine.runs.spec import run_folder
from engine.runs.training import fit_candidate
from engine.runs.work import Task
from engine.vault.model_file import encode_model


def fit_job(task: Task) -> None:
    """Fit the symbol of the request in the run's folder, with the settings that came with it."""
    folder = run_folder(task.home, task.spec.id)
    request = msgspec.json.decode(read_bytes(request_file(folder), 2 * MAX_BYTES), type=Message)
    if not isinstance(request, RemoteFitRequest):
        raise StockmlError(f"{request_file(folder)} is no request")
    context = {name: received_bars(bars) for name, bars in request.context.items()}
    task = replace(task, settings=request.settings)
    candidate = fit_candidate(task, received_bars(request.bars), context)
    manifest, data = encode_model(
        candidate.manifest(iso(task.clock.now()), run_id=task.spec.id),
        candidate.layers,
        candidate.arrays,
    )
    write_atomic(model_file(folder), data)
    write_atomic(forecast_file(folder), msgspec.json.encode(candidate.forecast, enc_hook=float))
    task.report("published", {"digest": manifest.digest})
