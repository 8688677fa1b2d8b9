"""The command that fits the constants of the scale."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from engine.forecast.fit_scale import main
from engine.forecast.scale import ScaleTable, scale_table
from engine.market.bars import Bars
from engine.market.calendar import is_session
from tests.forecast.samples import walk, write_csv
from tests.helpers import ROOT

COLUMNS = ("dates", "open", "high", "low", "close", "volume")
DATA = ROOT.parent / "shared" / "data"
COMMAND = ["--to", "2018-08-31", "--to", "2024-08-30", "--to", "2025-08-29"]


def sessions(bars: Bars) -> Bars:
    """The bars without the weekdays on which the exchange was shut."""
    opened = np.array([is_session(day) for day in bars.dates.tolist()])
    return Bars(bars.symbol, bars.source, *(getattr(bars, name)[opened] for name in COLUMNS))


def fitted(folder: Path, *words: str) -> ScaleTable:
    main([*words, "--table", str(folder / "scale.json")])
    return msgspec.json.decode((folder / "scale.json").read_bytes(), type=ScaleTable)


def test_the_table_says_what_it_was_fitted_on(tmp_path: Path) -> None:
    """A vintage a day, in order, whatever the order of the words; the shape ascends."""
    for symbol, seed in (("NVDA", 1), ("AAPL", 2), ("SPY", 3)):
        write_csv(tmp_path / "bars", sessions(walk(700, seed, symbol)))
    (tmp_path / "reports").mkdir()
    lines = "date,time\n" + "".join(f"2024-0{month}-01,after\n" for month in range(1, 9))
    (tmp_path / "reports" / "NVDA.csv").write_text(lines)
    table = fitted(
        tmp_path,
        *(str(tmp_path / name) for name in ("bars", "reports")),
        *("--to", "2024-07-31", "--to", "2024-04-30"),
    )

    assert [vintage.fitted_to for vintage in table.vintages] == ["2024-04-30", "2024-07-31"]
    assert table.vintages[0].rows < table.vintages[1].rows
    assert set(table.vintages[0].coefficients) == {
        "known",
        "known alone",
        "unknown",
        "unknown alone",
    }
    shares, sizes = np.array(table.shape).T
    assert (np.diff(shares) > 0).all()
    assert (np.diff(sizes) >= 0).all()
    assert "--to 2024-04-30" in table.command


def test_the_shipped_constants_are_what_the_command_fits(tmp_path: Path) -> None:
    """On the real bars and dates, to the last digit but one."""
    if not (DATA / "ohlcv").is_dir():
        pytest.skip(f"no {DATA / 'ohlcv'}")

    table = fitted(tmp_path, str(DATA / "ohlcv"), str(DATA / "reports"), *COMMAND)
    shipped = scale_table()
    assert [each.rows for each in table.vintages] == [each.rows for each in shipped.vintages]
    for mine, own in zip(table.vintages, shipped.vintages, strict=True):
        for name, coefficients in own.coefficients.items():
            assert mine.coefficients[name] == pytest.approx(coefficients, abs=2e-5)
    assert np.allclose(table.shape, shipped.shape, atol=2e-4)
