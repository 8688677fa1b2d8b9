"""logs/audit.log: who did what, when, from where, and how it ended.

One JSON object a line, only ever appended; engine.core.audit_log reads it.

who asks                          function                          does
a method that changes something   @audited("backup", describe, …)   one line when it ends
                                  (`announced`: one before, too)
a function with more to say       with acting(home, clock, action)  the same, around a block
the supervisor of a run           record(home, clock, action, …)    one line

The facades of the engine write it and no screen does, so that console, commands and cron leave the
same trace. What cannot be written never stops an action: `report_unrecorded` reports it.
"""

from __future__ import annotations

import functools
import json
import os
import pwd
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from engine.core.clock import Clock, iso
from engine.core.errors import BusyError, ConfigError, RefusedError, StockmlError, UsageError
from engine.core.files import append_line
from engine.core.paths import Home
from engine.core.text import clean

VERSION = 1
ORIGIN = "STOCKML_FROM"
"""The environment variable by which the console and cron-run say on whose behalf a child acts."""
COMMAND = "command"
CONSOLE = "console"
MAX_MESSAGE = 300
# One O_APPEND write stays whole up to 4 kB; texts and lists are cut to stay below.
_MAX_TEXT = 120
_MAX_LIST = 60
_MAX_LINE = 4000


class AuditOutcome(StrEnum):
    """How an action ended, so far."""

    STARTED = "started"
    """Begun; it continues without whoever asked."""
    DONE = "done"
    FAILED = "failed"
    """Tried, and it did not work."""
    REFUSED = "refused"
    """Not tried: a guard, a lock or wrong usage prevented it."""
    CANCELLED = "cancelled"


@dataclass(slots=True)
class Act:
    """An action under way; what becomes known of it goes into `details`."""

    home: Home
    clock: Clock
    action: str
    details: dict[str, Any]
    outcome: str = AuditOutcome.DONE
    message: str = ""

    def announce(self, **more: Any) -> None:
        """Write now that it began, for an action that takes long or may be killed."""
        self.add(more)
        record(self.home, self.clock, self.action, AuditOutcome.STARTED, **self.details)

    def add(self, more: Mapping[str, Any]) -> None:
        """Add details; an `outcome` among them is the action's."""
        self.details.update(_without_empty(more))
        self.outcome = str(self.details.pop("outcome", self.outcome))


Method = TypeVar("Method", bound=Callable[..., Any])


def audited(
    action: str,
    describe: Callable[..., Mapping[str, Any] | None],
    summarize: Callable[[Any], Mapping[str, Any]] | None = None,
    *,
    outcome: AuditOutcome = AuditOutcome.DONE,
    announced: bool = False,
) -> Callable[[Method], Method]:
    """Record every call of a method of an object that has a `home` and a `clock`.

    `describe` turns the method's arguments into details, None for a call that changes nothing;
    `summarize` adds those of its result, maybe another `outcome`; `announced` writes a line before
    the call too.
    """

    def decorate(method: Method) -> Method:
        @functools.wraps(method)
        def call(self: Any, *args: Any, **keywords: Any) -> Any:
            details = describe(*args, **keywords)
            if details is None:
                return method(self, *args, **keywords)
            with acting(self.home, self.clock, action, **details) as act:
                act.outcome = outcome
                if announced:
                    act.announce()
                result = method(self, *args, **keywords)
                if summarize is not None:
                    act.add(summarize(result))
                return result

        return call  # type: ignore[return-value]

    return decorate


@contextmanager
def acting(home: Home, clock: Clock, action: str, /, **details: Any) -> Iterator[Act]:
    """Record what happens inside: done, or how it failed; the error is raised again."""
    act = Act(home, clock, action, _without_empty(details))
    try:
        yield act
    except BaseException as error:
        act.outcome = _outcome_of(error)
        act.message = act.message or _reason(error)
        raise
    finally:
        record(home, clock, action, act.outcome, message=act.message, **act.details)


def _without_empty(details: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in details.items()
        if value is not None and value != "" and value != () and value != []
    }


def _outcome_of(error: BaseException) -> AuditOutcome:
    if isinstance(error, KeyboardInterrupt):
        return AuditOutcome.CANCELLED
    if isinstance(error, RefusedError | BusyError | UsageError | ConfigError):
        return AuditOutcome.REFUSED
    return AuditOutcome.FAILED


def _reason(error: BaseException) -> str:
    return error.message if isinstance(error, StockmlError) else f"{type(error).__name__}: {error}"


def record(
    home: Home, clock: Clock, action: str, outcome: str, /, *, message: str = "", **details: Any
) -> None:
    """Append one line; a failure to write is reported by `report_unrecorded` and stops nothing."""
    try:
        line = _line(iso(clock.now()), action, outcome, message, details)
        append_line(home.audit_log, line, 0o600)
    except Exception as error:  # noqa: BLE001 - the record never costs the action it is of
        why = error.strerror if isinstance(error, OSError) else f"{type(error).__name__}: {error}"
        report_unrecorded(
            f"{home.audit_log} could not be written ({why}):"
            f" {action} {outcome} is not recorded there"
        )


def _line(at: str, action: str, outcome: str, message: str, details: Mapping[str, Any]) -> str:
    tree = {
        "at": at,
        "v": VERSION,
        **_whoami(),
        "from": origin(),
        "what": action,
        "outcome": str(outcome),
        "about": {name: plain(value) for name, value in details.items()},
    }
    if message:
        tree["said"] = clean(" ".join(message.split()), MAX_MESSAGE)
    line = json.dumps(tree, ensure_ascii=False, allow_nan=False)
    if len(line.encode("utf-8", "replace")) > _MAX_LINE:
        tree["about"] = {"cut": clean(str(tree["about"]), 500)}
        line = json.dumps(tree, allow_nan=False)
    return line


def _to_stderr(text: str) -> None:
    with suppress(OSError, ValueError):
        sys.stderr.write(f"stockml: {clean(text)}\n")


report_unrecorded: Callable[[str], None] = _to_stderr
"""Reports what could not be recorded; a program whose stderr is its screen replaces it."""


def origin() -> str:
    """From where this process acts: console, command, or cron with the job's name."""
    return clean(os.environ.get(ORIGIN, ""), 60) or COMMAND


def _whoami() -> dict[str, Any]:
    """Who acts, as far as known; the user by process id, because LOGNAME can say anything."""
    try:
        user = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a user id without a name
        user = str(os.getuid())
    sudo_user = os.environ.get("SUDO_USER", "") if os.getuid() == 0 else ""
    ssh = (os.environ.get("SSH_CONNECTION") or os.environ.get("SSH_CLIENT") or "").partition(" ")[0]
    who = {
        "user": f"{clean(sudo_user, 40)} as {user}" if sudo_user else user,
        "ssh": clean(ssh, 60),
        "tty": _terminal(),
    }
    return {**{name: text for name, text in who.items() if text}, "pid": os.getpid()}


def _terminal() -> str:
    """The terminal that controls this process, also where its streams are pipes; '' without one."""
    import psutil

    try:
        return str(psutil.Process().terminal() or "").removeprefix("/dev/")
    except (psutil.Error, OSError, ValueError):
        return ""


def plain(value: Any) -> Any:
    """A detail as JSON has it: texts cleaned, texts and lists cut."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return clean(value, _MAX_TEXT)
    if isinstance(value, Sequence):
        kept = [plain(item) for item in value[:_MAX_LIST]]
        return kept if len(value) <= _MAX_LIST else [*kept, f"and {len(value) - _MAX_LIST} more"]
    if isinstance(value, Mapping):
        return {clean(str(name), 40): plain(item) for name, item in value.items()}
    return clean(str(value), _MAX_TEXT)
