"""What crosses the line between a home and a worker: JSON and the bytes of a model, no pickle.

A message is {"head": JSON, "body": bytes}; only an answer has a body, the model file. Columns of
bars are their little-endian bytes, so that they arrive bit for bit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import fields
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from engine.core.doubts import Doubt
from engine.core.errors import StockmlError
from engine.core.records import Forecast
from engine.market.reports import ReportDates
from engine.runs.spec import RunSpec
from engine.settings.schema import Settings

if TYPE_CHECKING:
    from engine.market.bars import Bars

MAX_BYTES = 64_000_000
"""Of one message: the bars of a symbol are about 60 kB, a model file 120 kB."""
_PRICES = ("open", "high", "low", "close", "volume")
_DAYS, _FLOATS = "<i8", "<f8"


class _Message(msgspec.Struct, frozen=True, kw_only=True, tag=True, forbid_unknown_fields=True):
    """One message; its type is in the JSON."""


class SentBars(msgspec.Struct, frozen=True, kw_only=True):
    """Bars with their columns as bytes."""

    symbol: str
    source: str
    dates: bytes
    open: bytes
    high: bytes
    low: bytes
    close: bytes
    volume: bytes
    splits: tuple[tuple[date, float], ...] = ()
    dividends: tuple[tuple[date, float], ...] = ()
    fetched_at: datetime | None = None
    left_out: tuple[tuple[date, str], ...] = ()
    warnings: tuple[str, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    accepted: tuple[Doubt, ...] = ()
    reports: ReportDates | None = None


class RemoteFitRequest(_Message, frozen=True):
    """Fit one symbol; `spec` names it and says how, `attempt` comes back with every answer."""

    attempt: str
    spec: RunSpec
    settings: Settings
    bars: SentBars
    context: dict[str, SentBars]
    versions: dict[str, str]

    @property
    def symbol(self) -> str:
        return self.bars.symbol


class Declined(_Message, frozen=True):
    """The worker does not take the symbol; `why` is empty while it fits another one."""

    why: str = ""


class Accepted(_Message, frozen=True):
    """The worker begins; its host by name."""

    host: str


class Alive(_Message, frozen=True):
    """Nothing new: the sender lives."""


class Cancel(_Message, frozen=True):
    """The home asks the worker to stop."""


class Progress(_Message, frozen=True):
    """An event of the fit."""

    attempt: str
    kind: str
    figures: dict[str, Any]


class Answer(_Message, frozen=True):
    """The fit is done; the body is the model file with this SHA-256."""

    attempt: str
    digest: str
    forecast: Forecast


class Failed(_Message, frozen=True):
    """The fit failed in words; `died` when its process died without any."""

    attempt: str
    text: str
    hint: str = ""
    exit_code: int = 1
    died: bool = False
    output: str = ""
    """The end of what its process printed."""


Message = RemoteFitRequest | Declined | Accepted | Alive | Cancel | Progress | Answer | Failed


class WireError(StockmlError):
    """A message that is not one of ours, or not for this attempt."""


def pack(message: Message, body: bytes = b"") -> dict[str, bytes]:
    """The message as it is sent."""
    return {"head": msgspec.json.encode(message), "body": body}


def unpack(raw: object) -> tuple[Message, bytes]:
    """The message in what was received; WireError for anything else than ours."""
    if not isinstance(raw, dict) or set(raw) != {"head", "body"}:
        raise WireError("the other side sent something that is no message of stockml")
    head, body = raw["head"], raw["body"]
    if not isinstance(head, bytes) or not isinstance(body, bytes):
        raise WireError("the other side sent something else than bytes")
    if len(head) + len(body) > MAX_BYTES:
        raise WireError(f"the other side sent {len(head) + len(body)} bytes, at most {MAX_BYTES}")
    try:
        return msgspec.json.decode(head, type=Message), body
    except msgspec.MsgspecError as error:
        raise WireError(f"the other side sent a message that cannot be read: {error}") from error


def sha256(body: bytes) -> str:
    """The hash that an answer carries of its body."""
    return hashlib.sha256(body).hexdigest()


def checked_answer(answer: Answer, body: bytes, attempt: str) -> bytes:
    """The model file of an answer; WireError for another attempt's, or one that was changed."""
    if answer.attempt != attempt:
        raise WireError(f"an answer to attempt {answer.attempt[:80]}, not to {attempt}: dropped")
    if sha256(body) != answer.digest:
        raise WireError(f"the model of attempt {attempt} does not match its hash: dropped")
    return body


def sent_bars(bars: Bars) -> SentBars:
    """The bars as they travel."""
    columns = {name: getattr(bars, name).astype(_FLOATS).tobytes() for name in _PRICES}
    columns["dates"] = bars.dates.astype("datetime64[D]").astype(_DAYS).tobytes()
    other = {field.name: getattr(bars, field.name) for field in fields(bars)}
    return SentBars(**{**other, **columns})


def received_bars(sent: SentBars) -> Bars:
    """The bars that were sent; WireError when their columns differ in length."""
    import numpy as np

    from engine.market.bars import Bars

    facts = msgspec.structs.asdict(sent)
    try:
        columns = {name: np.frombuffer(facts[name], _FLOATS).copy() for name in _PRICES}
        days = np.frombuffer(sent.dates, _DAYS).copy().astype("datetime64[D]")
    except ValueError as error:
        raise WireError(f"the bars of {sent.symbol} are torn: {error}") from error
    if {len(column) for column in columns.values()} != {len(days)}:
        raise WireError(f"the bars of {sent.symbol} have columns of different lengths")
    return Bars(**{**facts, **columns, "dates": days})


def differing(here: Mapping[str, str], there: Mapping[str, str]) -> str:
    """The versions that differ, both named; empty when none does."""
    names = sorted(set(here) | set(there))
    return ", ".join(
        f"{name} {there.get(name, 'missing')} there, {here.get(name, 'missing')} here"
        for name in names
        if here.get(name) != there.get(name)
    )
