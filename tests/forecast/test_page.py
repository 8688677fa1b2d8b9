"""The report in a real browser: nothing cut, nothing asked for, nothing complained of."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from engine.core.clock import SystemClock
from engine.forecast.evaluation_document import document, scored_of
from engine.forecast.page import page
from tests.forecast.evaluations import EVALUATIONS

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="chromium is not installed")
# The width that the content takes, and its colours, after the page's own policy is taken out.
MEASURE = """<script>document.title = [document.documentElement.scrollWidth, innerWidth,
getComputedStyle(document.body).backgroundColor].join(" ");</script>"""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of two symbols."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(page(scored_of(EVALUATIONS), document(EVALUATIONS, SystemClock())))
    return path


def browse(file: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Open `file` in the browser without a window, with a profile of its own."""
    line = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", *options]
    line += [f"--user-data-dir={file.parent / 'profile'}", file.as_uri()]
    return subprocess.run(line, capture_output=True, text=True, check=True, timeout=300)


@pytest.mark.parametrize(("width", "dark"), [(400, True), (1400, False)])
def test_nothing_is_cut(report: Path, tmp_path: Path, width: int, dark: bool) -> None:
    """The page is as wide as its window, in the colours that the reader's system asks for."""
    measured = tmp_path / "measured.html"
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", report.read_text())
    measured.write_text(text.replace("</body>", f"{MEASURE}</body>"))
    scheme = f"--blink-settings=preferredColorScheme={0 if dark else 1}"
    shown = browse(measured, f"--window-size={width},900", scheme, "--dump-dom").stdout

    title = re.search(r"<title>(\d+) (\d+) ([^<]+)</title>", shown)
    assert title is not None, shown[:500]
    assert int(title[1]) <= int(title[2])
    assert title[3] == ("rgb(20, 23, 26)" if dark else "rgb(255, 255, 255)")


def test_printing_asks_nobody_and_complains_of_nothing(report: Path, tmp_path: Path) -> None:
    """The PDF is made, the console stays empty, and no request leaves the file."""
    printed, requests = tmp_path / "report.pdf", tmp_path / "requests.json"
    shown = browse(
        report,
        f"--print-to-pdf={printed}",
        f"--log-net-log={requests}",
        "--enable-logging=stderr",
        "--disable-background-networking",
        "--disable-component-update",
    )

    assert printed.read_bytes().startswith(b"%PDF")
    assert "CONSOLE" not in shown.stderr
    events = json.loads(requests.read_text())["events"]
    urls = {event.get("params", {}).get("url", "") for event in events}
    text = report.read_text()
    # What the browser asks for itself, such as its dictionaries, is not the page's.
    assert {url for url in urls if url.startswith("http") and url in text} == set()
