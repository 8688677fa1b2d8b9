"""logs/audit.log: who did what, when, from where, and how it ended.

One JSON object a line, only ever appended.

who asks                          function                          does
a method that changes something   @audited("backup", describe, …)   one line when it ends
                                  (`announced`: one before, too)
a function with more to tell      with acting(home, clock, what)    the same, around a block
the supervisor of a run           note(home, clock, what, …)        one line
`stockml audit`, the console      entries(home), parse_entry(line)  nothing: reads

The doors of the engine write it and no screen does, so that console, commands and cron leave the
same trace. What cannot be written never stops an action; it is told by `report_unrecorded`.
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
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from engine.core.clock import Clock, iso, parse_iso
from engine.core.errors import BusyError, ConfigError, RefusedError, StockmlError, UsageError
from engine.core.files import append_line
from engine.core.paths import Home
from engine.core.text import clean

VERSION = 1
ORIGIN = "STOCKML_FROM"
"""The environment variable by which the console and cron-run tell their children on whose behalf
they act."""
COMMAND, CONSOLE = "command", "console"
# One O_APPEND write stays whole up to 4 kB; words and lists are cut to stay below.
_WORD, _LIST, _SAID = 120, 60, 300
_LONGEST = 4000


class AuditOutcome(StrEnum):
    """How an action ended, so far."""

    STARTED = "started"
    """Begun; what it does goes on without whoever asked."""
    DONE = "done"
    FAILED = "failed"
    """Tried, and it did not work."""
    REFUSED = "refused"
    """Not tried: a guard, a lock or a wrong word said no."""
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One line of the record."""

    at: datetime
    user: str
    ssh: str
    """The address the session came from; empty without one."""
    tty: str
    origin: str
    """console, command, or cron with the job's name."""
    what: str
    about: Mapping[str, Any]
    outcome: str
    said: str = ""
    pid: int = 0

    @property
    def who(self) -> str:
        """The user, the address and the terminal, as far as they are known."""
        return " ".join(
            part for part in (self.user, f"from {self.ssh}" if self.ssh else "", self.tty) if part
        )

    @property
    def text(self) -> str:
        """The line as people read it."""
        about = " ".join(_told(name, value) for name, value in self.about.items())
        parts = (
            iso(self.at)[:19] + "Z",
            f"{self.outcome:<9}",
            self.what,
            about,
            f"by {self.who}, {self.origin}",
        )
        return "  ".join(part for part in parts if part) + (f": {self.said}" if self.said else "")


@dataclass(slots=True)
class Act:
    """An action under way: what is learned of it goes into `about`."""

    home: Home
    clock: Clock
    what: str
    about: dict[str, Any]
    outcome: str = AuditOutcome.DONE
    said: str = ""

    def began(self, **more: Any) -> None:
        """Write now that it began, for an action that takes long or may be killed."""
        self.learn(more)
        note(self.home, self.clock, self.what, AuditOutcome.STARTED, **self.about)

    def learn(self, more: Mapping[str, Any]) -> None:
        """Take over what is known now; an `outcome` in it is the action's."""
        self.about.update(_given(more))
        self.outcome = str(self.about.pop("outcome", self.outcome))


Method = TypeVar("Method", bound=Callable[..., Any])


def audited(
    what: str,
    describe: Callable[..., Mapping[str, Any] | None],
    told: Callable[[Any], Mapping[str, Any]] | None = None,
    *,
    outcome: AuditOutcome = AuditOutcome.DONE,
    announced: bool = False,
) -> Callable[[Method], Method]:
    """Record every call of a method of something with a `home` and a `clock`.

    `describe` takes the method's arguments and says what they mean, or None for a call that
    changes nothing; `told` takes its result, and may name another `outcome`; `announced` writes
    a line before it too.
    """

    def record(method: Method) -> Method:
        @functools.wraps(method)
        def call(self: Any, *args: Any, **values: Any) -> Any:
            about = describe(*args, **values)
            if about is None:
                return method(self, *args, **values)
            with acting(self.home, self.clock, what, **about) as act:
                act.outcome = outcome
                if announced:
                    act.began()
                result = method(self, *args, **values)
                if told is not None:
                    act.learn(told(result))
                return result

        return call  # type: ignore[return-value]

    return record


@contextmanager
def acting(home: Home, clock: Clock, what: str, /, **about: Any) -> Iterator[Act]:
    """Record what happens inside: done, or how it failed; the error goes on."""
    act = Act(home, clock, what, _given(about))
    try:
        yield act
    except BaseException as error:
        act.outcome, act.said = _verdict(error), act.said or _reason(error)
        raise
    finally:
        note(home, clock, what, act.outcome, said=act.said, **act.about)


def _given(about: Mapping[str, Any]) -> dict[str, Any]:
    """Without what was not said."""
    return {
        name: value
        for name, value in about.items()
        if value is not None and value != "" and value != () and value != []
    }


def _verdict(error: BaseException) -> AuditOutcome:
    if isinstance(error, KeyboardInterrupt):
        return AuditOutcome.CANCELLED
    no = isinstance(error, RefusedError | BusyError | UsageError | ConfigError)
    return AuditOutcome.REFUSED if no else AuditOutcome.FAILED


def _reason(error: BaseException) -> str:
    return error.message if isinstance(error, StockmlError) else f"{type(error).__name__}: {error}"


def note(
    home: Home, clock: Clock, what: str, outcome: str, /, *, said: str = "", **about: Any
) -> None:
    """Append one line;
    whatever keeps it from being written is told by `report_unrecorded` and stops nothing."""
    try:
        append_line(home.audit_log, _line(iso(clock.now()), what, outcome, said, about), 0o600)
    except Exception as error:  # noqa: BLE001 - the record never costs the action that it tells of
        why = error.strerror if isinstance(error, OSError) else f"{type(error).__name__}: {error}"
        report_unrecorded(
            f"{home.audit_log} could not be written ({why}): {what} {outcome} is not recorded there"
        )


def _line(at: str, what: str, outcome: str, said: str, about: Mapping[str, Any]) -> str:
    tree = {
        "at": at,
        "v": VERSION,
        **_whoami(),
        "from": origin(),
        "what": what,
        "outcome": str(outcome),
    }
    tree["about"] = {name: _plain(value) for name, value in about.items()}
    if said:
        tree["said"] = clean(" ".join(said.split()), _SAID)
    line = json.dumps(tree, ensure_ascii=False, allow_nan=False)
    if len(line.encode("utf-8", "replace")) > _LONGEST:
        line = json.dumps(
            {**tree, "about": {"cut": clean(str(tree["about"]), 500)}}, allow_nan=False
        )
    return line


def _to_stderr(text: str) -> None:
    with suppress(OSError, ValueError):
        sys.stderr.write(f"stockml: {clean(text)}\n")


report_unrecorded: Callable[[str], None] = _to_stderr
"""Says what could not be recorded;
a program whose stderr is its screen puts another function here."""


def origin() -> str:
    """From where this process acts: console, command, or cron with the job's name."""
    return clean(os.environ.get(ORIGIN, ""), 60) or COMMAND


def _whoami() -> dict[str, Any]:
    """Who acts, as far as it is known;
    the user by the process's own id, because LOGNAME can say anything."""
    try:
        user = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a user id without a name
        user = str(os.getuid())
    asked = os.environ.get("SUDO_USER", "") if os.getuid() == 0 else ""
    ssh = (os.environ.get("SSH_CONNECTION") or os.environ.get("SSH_CLIENT") or "").partition(" ")[0]
    found = {
        "user": f"{clean(asked, 40)} as {user}" if asked else user,
        "ssh": clean(ssh, 60),
        "tty": _terminal(),
    }
    return {**{name: text for name, text in found.items() if text}, "pid": os.getpid()}


def _terminal() -> str:
    """The terminal that controls this process, also where its streams are pipes; '' without one."""
    import psutil

    try:
        return str(psutil.Process().terminal() or "").removeprefix("/dev/")
    except (psutil.Error, OSError, ValueError):
        return ""


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return clean(value, _WORD)
    if isinstance(value, Sequence):
        shown = [_plain(item) for item in value[:_LIST]]
        return shown if len(value) <= _LIST else [*shown, f"and {len(value) - _LIST} more"]
    if isinstance(value, Mapping):
        return {clean(str(name), 40): _plain(item) for name, item in value.items()}
    return clean(str(value), _WORD)


def _told(name: str, value: Any) -> str:
    shown = " ".join(str(item) for item in value) if isinstance(value, list) else str(value)
    if name not in ("symbols", "symbol") and " " in shown and '"' not in shown:
        return f'{name}="{shown}"'
    return shown if name in ("symbols", "symbol") else f"{name}={shown}"


# -- reading ------------------------------------------------------------------------------------


def parse_entry(line: str) -> AuditEntry | None:
    """The entry of a line; None for a torn one, or one that is no entry of ours."""
    try:
        tree = json.loads(line)
        return AuditEntry(
            at=parse_iso(tree["at"]),
            user=clean(str(tree.get("user", "")), 80),
            ssh=clean(str(tree.get("ssh", "")), 60),
            tty=clean(str(tree.get("tty", "")), 40),
            origin=clean(str(tree.get("from", "")), 60),
            what=clean(str(tree["what"]), 40),
            about={
                clean(str(name), 40): _plain(value)
                for name, value in dict(tree.get("about", {})).items()
            },
            outcome=clean(str(tree["outcome"]), 20),
            said=clean(str(tree.get("said", "")), _SAID),
            pid=int(tree.get("pid", 0)),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError):
        return None


def record_files(home: Home) -> tuple[Path, ...]:
    """The record and what `clean` renamed of it, the oldest first."""
    live = home.audit_log
    numbered = [path for path in live.parent.glob(f"{live.name}.*") if path.suffix[1:].isdigit()]
    old = sorted(numbered, key=lambda path: int(path.suffix[1:]), reverse=True)
    return (*old, *((live,) if live.exists() else ()))


def entries(
    home: Home, since: datetime | None = None, words: Sequence[str] = ()
) -> Iterator[AuditEntry]:
    """The entries, oldest first: from `since` on, and with every one of `words` in their text,
    whatever its case.

    Raises OSError when a file cannot be read.
    """
    wanted = [word.casefold() for word in words]
    for path in record_files(home):
        with path.open(encoding="utf-8", errors="replace") as file:
            for line in file:
                entry = parse_entry(line)
                if entry is None or (since is not None and entry.at < since):
                    continue
                shown = entry.text.casefold()
                if all(word in shown for word in wanted):
                    yield entry
