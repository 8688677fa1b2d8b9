"""Every error a user can meet, with its exit code.

StockmlError                1  the work failed
├── UsageError              2  wrong usage, an unknown symbol
├── ConfigError             3  bad settings, a home folder that cannot be trusted
├── NoDataError             4  no bars, or bars that cannot be true
├── RefusedError            5  a guard said no
├── BusyError              75  another process trains this symbol; it is named
├── ModelError              1  a model file that is broken or not ours
├── FileError               1  a file that is damaged, or that cannot be reached now
└── Interrupted           130  the operator pressed Ctrl-C
"""

from __future__ import annotations

from enum import IntEnum, StrEnum

from engine.core.text import clean


class ExitCode(IntEnum):
    """What a command returns to the shell."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    CONFIG = 3
    NO_DATA = 4
    REFUSED = 5
    BUSY = 75
    INTERRUPTED = 130


class StockmlError(Exception):
    """A fault a user can act on: the message names value and origin, the hint the next step."""

    exit_code = ExitCode.FAILED

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class UsageError(StockmlError):
    """Wrong usage or an unknown symbol."""

    exit_code = ExitCode.USAGE


class ConfigError(StockmlError):
    """Settings or a home folder that cannot be used; `problems` lists every one found."""

    exit_code = ExitCode.CONFIG

    def __init__(self, message: str, hint: str = "", problems: tuple[str, ...] = ()) -> None:
        super().__init__(message, hint)
        self.problems = problems or (message,)


class NoDataError(StockmlError):
    """No bars, too few bars, or bars that cannot be true."""

    exit_code = ExitCode.NO_DATA


class RefusedError(StockmlError):
    """A guard refused the work."""

    exit_code = ExitCode.REFUSED


class BusyError(StockmlError):
    """Another process holds the symbol; `holder` names it."""

    exit_code = ExitCode.BUSY

    def __init__(self, message: str, hint: str = "", holder: str = "") -> None:
        super().__init__(message, hint)
        self.holder = holder


class ModelError(StockmlError):
    """A model file that is broken, foreign or newer than this program."""


class FaultKind(StrEnum):
    """What a failed reading says: of the bytes, or of this moment."""

    DAMAGED = "damaged"
    """A verdict about the bytes: the same until the file changes."""
    UNREACHABLE = "unreachable"
    """Too many open files, a disk error, no permission: another look may succeed."""


class FileError(StockmlError):
    """A file that cannot be read; `path` and `reason` are in the message."""

    def __init__(self, path: str, reason: str, kind: FaultKind, hint: str = "") -> None:
        super().__init__(f"cannot read {path}: {reason}", hint)
        self.path = path
        self.reason = reason
        self.kind = kind


def fault_kind(error: BaseException) -> FaultKind:
    """Whether `error`, or what it was raised from, was a passing fault or a verdict."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, FileError):
            return cause.kind
        if isinstance(cause, OSError | MemoryError):
            return FaultKind.UNREACHABLE
        cause = cause.__cause__
    return FaultKind.DAMAGED


def symbol_fault(symbol: str, error: Exception) -> StockmlError:
    """`error` as the error of one symbol: what nobody foresaw is named by its type."""
    if isinstance(error, StockmlError):
        return error
    words = clean(f"{type(error).__name__}: {error}", 200)
    fault = ModelError(f"{symbol}: {words}", f"stockml train {symbol}")
    fault.__cause__ = error
    return fault


class Interrupted(StockmlError):  # noqa: N818 - the word the operator knows
    """The operator interrupted the work."""

    exit_code = ExitCode.INTERRUPTED
