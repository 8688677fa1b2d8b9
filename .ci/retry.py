"""Run the failures of the last test run again, alone; fail if there are more than the limit."""

import json
import subprocess
import sys
from pathlib import Path

LIMIT = int(sys.argv[1])
FAILURES = Path(".pytest_cache/v/cache/lastfailed")


def main() -> int:
    """The exit code of the second run, or 1 when there is none."""
    failures = list(json.loads(FAILURES.read_text())) if FAILURES.exists() else []
    if not failures or len(failures) > LIMIT:
        sys.stdout.write(f"{len(failures)} failures: none is tried again (limit {LIMIT})\n")
        return 1
    sys.stdout.write("\n  ".join(["tried again, alone:", *failures]) + "\n")
    sys.stdout.flush()
    return subprocess.run([sys.executable, "-m", "pytest", "-n", "0", *failures]).returncode


sys.exit(main())
