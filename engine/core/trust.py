"""Whether a home can be trusted: whose its folders are, who can write them, where locks lie."""

from __future__ import annotations

import os
import re
import shlex
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.core.anchor import hold_home
from engine.core.errors import ConfigError, FileError
from engine.core.paths import Home
from engine.core.reading import read_bytes
from engine.core.text import clean

_MAX_MOUNTS = 16_000_000
"""Bytes of the table of mounts; a machine of containers has thousands."""
# flock is silently local, or absent, on these (NFS without lockd, SMB, most FUSE servers).
_REMOTE = ("nfs", "cifs", "smb", "9p", "fuse", "afs", "ceph", "glusterfs", "lustre")


@dataclass(frozen=True, slots=True)
class TrustFault:
    """What is wrong with the owner, mode or place of something in a home, and what mends it."""

    text: str
    command: str


def check_trust(home: Home) -> None:
    """Hold the home; ConfigError where a folder of it is not ours alone, or locks cannot work."""
    try:
        hold_home(home.root)
    except OSError as error:
        raise ConfigError(f"cannot read the home folder {home.root}: {error.strerror}") from error
    if not home.root.is_dir():
        raise ConfigError(f"the home {home.root} is not a folder", "name a folder with --home")
    faults = [fault for folder in folders(home) if (fault := folder_fault(home, folder))]
    if faults:
        more = f" (and {len(faults) - 1} more: stockml doctor)" if len(faults) > 1 else ""
        problems = tuple(f"{fault.text}: {fault.command}" for fault in faults)
        raise ConfigError(faults[0].text + more, faults[0].command, problems)


def folders(home: Home) -> tuple[Path, ...]:
    """The folders that must be the operator's own, the home first."""
    return (home.root, home.data, home.models, home.runs, home.locks, home.market, home.logs)


def folder_fault(home: Home, folder: Path) -> TrustFault | None:
    """What is wrong with a folder or the one it links to; None where it is right, or absent."""
    name = f"the {'home' if folder == home.root else 'folder'} {clean(str(folder), 300)}"
    word = shlex.quote(str(folder))
    try:
        status = folder.stat()
    except FileNotFoundError:
        return None  # made at first use; a link to a disk that is not mounted is named there
    except OSError as error:
        return TrustFault(f"{name} cannot be read: {error.strerror}", f"ls -ld {word}")
    if not stat.S_ISDIR(status.st_mode):
        return TrustFault(f"{name} is not a folder", f"mv {word} {word}.aside")
    if status.st_uid != os.getuid():
        whose = f"{name} belongs to user id {status.st_uid}, not to you"
        return TrustFault(whose, f"chown -R {os.getuid()} {word}/")
    if status.st_mode & 0o022:
        mode = stat.S_IMODE(status.st_mode)
        return TrustFault(f"{name} is writable by others (mode {mode:o})", f"chmod go-w {word}")
    if folder != home.root and status.st_dev == home.root.stat().st_dev:
        return None  # the same disk: its file system was looked at
    kind = filesystem_of(folder)
    if kind.startswith(_REMOTE):
        where = f"{name} is on {kind}, where file locks cannot be trusted"
        return TrustFault(where, "use a folder on a local disk")
    return None


def file_faults(home: Home) -> Iterator[TrustFault]:
    """Live models, locks, settings and the key of the seal that others can change, or no files."""
    for folder, pattern in ((home.models, "*.h5"), (home.locks, "*")):
        for path in sorted(folder.glob(pattern)):
            yield from _file_faults(path, 0o022, links=False)
    yield from _file_faults(home.settings, 0o022, links=True)
    yield from _file_faults(home.symbols, 0o022, links=True)
    yield from _file_faults(home.data / "seal.key", 0o077, links=False)


def _file_faults(path: Path, others: int, *, links: bool) -> Iterator[TrustFault]:
    word, name = shlex.quote(str(path)), clean(str(path), 300)
    owners = {os.getuid(), 0} if links else {os.getuid()}
    try:
        status = path.stat(follow_symlinks=links)
    except FileNotFoundError:
        return
    except OSError as error:
        yield TrustFault(f"{name} cannot be read: {error.strerror}", f"ls -l {word}")
        return
    mode = stat.S_IMODE(status.st_mode)
    if not stat.S_ISREG(status.st_mode):
        thing = "a link" if stat.S_ISLNK(status.st_mode) else "no file"
        yield TrustFault(f"{name} is {thing}", f"mv {word} {word}.aside")
    elif status.st_uid not in owners:
        whose = f"{name} belongs to user id {status.st_uid}, not to you"
        yield TrustFault(whose, f"chown {os.getuid()} {word}")
    elif mode & others:
        verb, mend = ("written", "go-w") if others == 0o022 else ("read", "600")
        yield TrustFault(f"{name} can be {verb} by others (mode {mode:o})", f"chmod {mend} {word}")


def filesystem_of(folder: Path, table: str | None = None) -> str:
    """The type of the file system that holds `folder`; '' when it is not known."""
    if table is None:
        try:
            raw = read_bytes(Path("/proc/self/mountinfo"), _MAX_MOUNTS)
        except (OSError, FileError):
            return ""
        table = raw.decode("utf-8", "replace")
    best = ""
    kind = ""
    target = f"{os.path.realpath(folder)}/"
    for line in table.splitlines():
        left, dash, right = line.partition(" - ")
        fields = left.split()
        if not dash or len(fields) < 5:
            continue
        # The kernel escapes a space, a tab, a newline and a backslash only, as \040 and so on.
        unescaped = re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), fields[4])
        mount = unescaped.rstrip("/") + "/"
        if target.startswith(mount) and len(mount) >= len(best):
            best = mount
            kind = right.split()[0]
    return kind
