"""Mutated texts: the files of a home, and the readers that must take any of their mutations."""

from __future__ import annotations

import random
from collections.abc import Callable

from engine.client.token import read_token
from engine.core.audit_log import read_entries
from engine.core.errors import StockmlError
from engine.core.link import load_link
from engine.core.paths import Home
from engine.forecast import status
from engine.market.report_edits import read_edits
from engine.market.report_lookup import read_lookups
from engine.market.store import BarStore
from engine.runs.result import read_result
from engine.runs.spec import read_spec, run_folder
from engine.runs.store import RunStore
from engine.schedule.ping import ping_of
from engine.settings.load import load
from engine.settings.sheet import read_sheet
from engine.vault.backups import list_backups
from engine.watch.deliver import alert_urls
from engine.watch.report import recent_lines

SECRETS = """\
# Alerts, pings and the token.
[alerts]
urls = ["json://127.0.0.1:9/hook", "mailto://user:word@host"]
[pings]
train = "https://127.0.0.1:9/abc"
[service]
token = "0123456789abcdefghijklmnopqrstuv"
"""
EDITS = '{"symbols": {"NVDA": {"set": [{"day": "2025-08-27", "time": "after"}], "dropped": []}}}'
LINK = (
    '{"v":1,"measured_at":"2026-01-02T03:04:05Z","opened_at":"2026-01-02T03:00:05Z","pid":1,'
    '"terminal":"/dev/pts/3","link":"fast","columns":80,"lines":24,"window_s":60.0,'
    '"bytes_per_s":100.5,"most_per_s":900,"bytes_in_all":9000,"longest_stall_s":0.0}'
)
WRITTEN = {
    "secrets.toml": SECRETS,
    "persistent_data/market_data/report_edits.json": EDITS,
    "persistent_data/console_link.json": LINK,
}
"""Files that the sample home has not by itself."""


def newest_run(home: Home) -> str:
    return max(home.runs.iterdir()).name


READERS: dict[str, tuple[Callable[[Home], object], ...]] = {
    "stockml.toml": (lambda home: load(home, {}), read_sheet),
    "secrets.toml": (alert_urls, lambda home: ping_of(home, "train"), read_token),
    "persistent_data/status/NVDA.json": (lambda home: status.read(home.status("NVDA")),),
    "persistent_data/market_data/simulated/NVDA.csv": (
        lambda home: BarStore(home).read("simulated", "NVDA"),
    ),
    "persistent_data/market_data/simulated/NVDA.json": (
        lambda home: BarStore(home).read("simulated", "NVDA"),
    ),
    "persistent_data/ml_models/backup_*/manifest.json": (lambda home: list_backups(home.models),),
    "persistent_data/runs/*/spec.json": (
        lambda home: read_spec(run_folder(home, newest_run(home))),
        lambda home: RunStore(home).recent(),
    ),
    "persistent_data/runs/*/result.json": (
        lambda home: read_result(run_folder(home, newest_run(home))),
        lambda home: RunStore(home).recent(),
    ),
    "persistent_data/runs/*/events.jsonl": (lambda home: RunStore(home).run(newest_run(home)),),
    "persistent_data/market_data/report_edits.json": (lambda home: read_edits(home, "yahoo"),),
    "persistent_data/market_data/report_lookups.json": (read_lookups,),
    "persistent_data/console_link.json": (load_link,),
    "logs/audit.log": (lambda home: list(read_entries(home)),),
    "logs/monitoring/performance_history.jsonl": (lambda home: recent_lines(home, 100),),
}
"""Who reads each file; each may raise a StockmlError and nothing else."""

_PIECES = (
    b"\xff",
    b"\0",
    b'"',
    b"[",
    b"{" * 40,
    b"9" * 400,
    b"-1",
    b"NaN",
    b"null",
    b"1e400",
    b"9223372036854775808",
    b'"9999-99-99"',
    b'"0001-01-01"',
    b"\r",
    b"\xe2\x80\xae",
    b"\\ud800",
    b"x" * 5000,
)


def mutated(raw: bytes, dice: random.Random) -> bytes:
    """The bytes with one to four changes: a piece put in or over, some cut, doubled or flipped."""
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(raw) + 1)
        end = min(len(raw), at + dice.choice((1, 2, 8, 60)))
        change = dice.randrange(6)
        piece = dice.choice(_PIECES)
        if change == 0:
            raw = raw[:at] + piece + raw[at:]
        elif change == 1:
            raw = raw[:at] + piece + raw[end:]
        elif change == 2:
            raw = raw[:at] + raw[end:]
        elif change == 3:
            raw = raw[:end] + raw[at:]
        elif change == 4:
            raw = (
                raw[:at]
                + bytes(byte ^ (1 << dice.randrange(8)) for byte in raw[at:end])
                + raw[end:]
            )
        else:
            raw = raw[:at]
    return raw


def untyped(home: Home, readers: tuple[Callable[[Home], object], ...]) -> str:
    """The first error that is no StockmlError; '' without one."""
    for reader in readers:
        try:
            reader(home)
        except StockmlError:
            continue
        except Exception as error:  # noqa: BLE001 - it is what is looked for
            return f"{type(error).__name__}: {error}"
    return ""
