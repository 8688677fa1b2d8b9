"""The checking process: whole files pass, bombs cost little, damage is no trouble."""

from __future__ import annotations

import os
import signal
import zlib
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
import pytest

from engine.core.errors import FaultKind, FileError, ModelError, fault_kind
from engine.vault import inspection
from engine.vault.inspection import Inspector, verdict_on
from engine.vault.manifest import NewerModelError
from engine.vault.model_file import ForeignModelError
from engine.vault.seal import sealed
from tests.vault import samples


@pytest.fixture
def inspector() -> Iterator[Inspector]:
    """A checking process that ends with the test."""
    inspector = Inspector()
    yield inspector
    inspector.close()


def _pid(inspector: Inspector) -> int:
    assert inspector._process is not None
    return inspector._process.pid


def test_one_process_checks_many_files(inspector: Inspector, tmp_path: Path) -> None:
    """Whole, broken, foreign and newer files are told apart by the same process."""
    inspector.check(samples.whole(), "a.h5")
    first = _pid(inspector)
    with pytest.raises(ModelError, match=r"b\.h5 is not a readable model file"):
        inspector.check(b"\x89HDF\r\n\x1a\n" + bytes(900), "b.h5")
    with h5py.File(tmp_path / "plain.h5", "w") as file:
        file["x"] = np.zeros(3)
    with pytest.raises(ForeignModelError, match="not written by stockml"):
        inspector.check((tmp_path / "plain.h5").read_bytes(), "c.h5")
    newer = tmp_path / "newer.h5"
    newer.write_bytes(samples.whole())
    with pytest.raises(NewerModelError) as caught:
        inspector.check(samples.made_newer(newer, 9), "d.h5")
    assert caught.value.generation == 9
    inspector.check(samples.whole(), "a.h5")
    assert _pid(inspector) == first


def _inflating(file: h5py.File) -> None:
    """A chunk of 65,536 numbers that unpacks to 300 MB, of which the metadata say nothing."""
    group = file["stockml/arrays"]
    bomb = group.create_dataset(
        "bomb", shape=(65536,), chunks=(65536,), dtype="f4", compression="gzip"
    )
    packer = zlib.compressobj(9)
    parts = [packer.compress(bytes(1 << 20)) for _ in range(300)] + [packer.flush()]
    bomb.id.write_direct_chunk((0,), b"".join(parts))


def test_a_bomb_is_a_verdict_and_costs_little(inspector: Inspector, tmp_path: Path) -> None:
    """A chunk that inflates is refused by the limit of memory, and the next file is checked."""
    with pytest.raises(ModelError) as caught:
        inspector.check(samples.edited(tmp_path, _inflating), "x.h5")
    assert fault_kind(caught.value) is FaultKind.DAMAGED
    inspector.check(samples.whole(), "a.h5")
    status = Path(f"/proc/{_pid(inspector)}/status").read_text()
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    assert int(peak.split()[1]) < 200_000


def test_a_file_that_takes_too_long_is_a_verdict(
    inspector: Inspector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that uses up its CPU time ends the process."""
    monkeypatch.setattr(inspection, "_COMMAND", ("-c", _SLOW))
    with pytest.raises(ModelError, match="takes more than 2 s"):
        inspector.check(samples.whole(), "x.h5")


_SLOW = """
from engine.vault import inspection
def forever(raw, origin):
    while True: pass
inspection.CPU_S = 0.05
inspection.verdict_on = forever
inspection.main()
"""
_CRASH = """
import os, signal
from engine.vault import inspection
inspection.verdict_on = lambda raw, origin: os.kill(os.getpid(), signal.SIGSEGV)
inspection.main()
"""


def test_a_file_that_ends_its_reader_is_a_verdict(
    inspector: Inspector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash of the process is the file's fault."""
    monkeypatch.setattr(inspection, "_COMMAND", ("-c", _CRASH))
    with pytest.raises(ModelError, match=f"exit -{int(signal.SIGSEGV)}"):
        inspector.check(samples.whole(), "x.h5")
    monkeypatch.undo()
    inspector.check(samples.whole(), "x.h5")


@pytest.mark.parametrize("program", ["raise SystemExit(1)", "raise OSError"])
def test_a_process_that_cannot_start_is_no_verdict(
    inspector: Inspector, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    """What fails before the first file is a passing fault, and a kill from outside."""
    monkeypatch.setattr(inspection, "_COMMAND", ("-c", program))
    with pytest.raises(FileError) as caught:
        inspector.check(samples.whole(), "x.h5")
    assert caught.value.kind is FaultKind.UNREACHABLE
    monkeypatch.undo()
    inspector.check(samples.whole(), "x.h5")
    os.kill(_pid(inspector), signal.SIGKILL)
    with pytest.raises(FileError):
        inspector.check(samples.whole(), "x.h5")


def test_the_verdict_of_a_file_that_nobody_sealed() -> None:
    """The process looks at contents alone: who sealed them is for the reader."""
    assert verdict_on(sealed(b"\x89HDF\r\n\x1a\n", None), "x.h5").kind == "broken"
    assert verdict_on(samples.whole(), "x.h5").kind == "model"
