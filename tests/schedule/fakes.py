"""A `crontab` program that keeps its tab in a file and fails in every way a real one was seen to
fail."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.core.paths import Home
from engine.schedule.crontab import Crontab
from engine.schedule.job_lines import JobLine
from engine.schedule.jobs import JOBS, STANDARD_JOBS, shell_command

PROGRAM = Path("/opt/stock ml/bin/stockml")

_SCRIPT = r"""#!/bin/sh
D='@FOLDER@'
n=0; read -r n <"$D/count"; n=$((n+1)); echo $n >"$D/count"
echo "$n $*" >>"$D/calls"
[ -e "$D/before-$n" ] && { cat "$D/before-$n" >>"$D/tab"; rm "$D/before-$n"; }
mode=; [ -e "$D/mode" ] && read -r mode <"$D/mode"
case "$1" in
-V) [ '@KIND@' = cronie ] && echo 'cronie 1.7.2' || { echo "invalid option -- 'V'" >&2; exit 1; };;
-h) [ '@KIND@' = debian ] && echo '-n (dry run: checks the syntax, then bails out)' >&2; exit 1;;
-l) case "$mode" in
    silent) exit 1;;
    garbled) echo 'no tables today' >&2; exit 1;;
    half) head -c 20 "$D/tab" 2>/dev/null; kill -9 $$;;
    denies) echo 'You (op) are not allowed to use this program (crontab)' >&2; exit 1;;
    nouid) echo "your UID isn't in the passwd file" >&2; exit 1;;
    warns) echo 'some warning' >&2;;
    shows) printf '5 4 * * * x\n'; echo 'no crontab for op' >&2; exit 1;;
    esac
    [ -e "$D/tab" ] || { echo 'no crontab for op' >&2; exit 1; }
    if [ -e "$D/header" ]; then cat "$D/header"; fi
    if [ '@LOSSY@' = yes ]; then sed 's/\r/\\r/g; s/\x08/\\b/g' "$D/tab"
    else exec cat "$D/tab"; fi;;
-e) cp "$D/tab" "$D/edit" && sh -c "$VISUAL $D/edit" && echo 'No modification made' >&2;;
-r) [ "$mode" = reject ] && { echo 'cannot remove' >&2; exit 1; }
    [ "$mode" = noop ] || rm "$D/tab";;
-n|-T) [ "$mode" = refuse ] && { echo '"-":4: bad minute' >&2; exit 1; }; exit 0;;
*)  case "$mode" in
    reject) echo '"-":4: bad minute'"
errors in crontab file, can't install." >&2; exit 1;;
    noop) exit 0;;
    torn) head -c 30 "$1" >"$D/tab"; exit 0;;
    after) cp "$1" "$D/tab"; echo '1 1 * * * foreign' >>"$D/tab"; exit 0;;
    killed) cp "$1" "$D/tab"; kill -9 $$;;
    lost) kill -9 $$;;
    esac
    cp "$1" "$D/new" && mv "$D/new" "$D/tab";;
esac
"""


class FakeCrontab:
    """One user's tab behind a shell script; `fails` sets how the next calls go wrong."""

    def __init__(
        self, folder: Path, kind: str = "debian", lossy: bool = False, program: Path | None = None
    ) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.program = program or folder / "crontab"
        text = (
            _SCRIPT.replace("@FOLDER@", str(folder))
            .replace("@KIND@", kind)
            .replace("@LOSSY@", "yes" if lossy else "no")
        )
        self.program.write_text(text)
        self.program.chmod(0o755)
        (folder / "count").write_text("0\n")
        self.crontab = Crontab((str(self.program),))

    @property
    def tab(self) -> bytes | None:
        path = self.folder / "tab"
        return path.read_bytes() if path.exists() else None

    @tab.setter
    def tab(self, data: bytes | None) -> None:
        path = self.folder / "tab"
        if data is None:
            path.unlink(missing_ok=True)
        else:
            path.write_bytes(data)

    @contextmanager
    def fails(self, mode: str) -> Iterator[None]:
        (self.folder / "mode").write_text(f"{mode}\n")
        try:
            yield
        finally:
            (self.folder / "mode").unlink()

    def inject(self, call: int, line: bytes) -> None:
        """Another program appends `line` right before the `call`-th call from now."""
        (self.folder / f"before-{self.count + call}").write_bytes(line)

    @property
    def count(self) -> int:
        return int((self.folder / "count").read_text())

    @property
    def calls(self) -> list[str]:
        path = self.folder / "calls"
        return (
            [line.partition(" ")[2] for line in path.read_text().splitlines()]
            if path.exists()
            else []
        )

    @property
    def writes(self) -> list[str]:
        """The calls that write."""
        return [call for call in self.calls if call == "-r" or not call.startswith("-")]


def standard_lines(home: Home, program: Path = PROGRAM) -> tuple[JobLine, ...]:
    """The four standard jobs."""
    return tuple(
        JobLine(job, JOBS[job].expression, shell_command(program, job, home))
        for job in STANDARD_JOBS
    )
