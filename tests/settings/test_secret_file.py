"""secrets.toml: one reader, no word of its contents in an error."""

import os
from pathlib import Path

import pytest

from engine.client.token import read_token
from engine.core.errors import ConfigError, FileError
from engine.core.paths import Home
from engine.schedule.ping import ping_of
from engine.settings.secret_file import secret_table
from engine.watch.deliver import alert_urls

BROKEN = {
    "deep": "a = " + "[" * 10_000,
    "deep key": ".".join("a" * 10_000) + " = 1",
    "half": 'urls = ["tgram://TOKEN',
    "NULs": "\0" * 100,
    "number": "a = " + "9" * 5000,
    "table twice": "[TOKEN]\n[TOKEN]\n",
}


def a_home(folder: Path, text: str, mode: int = 0o600) -> Home:
    home = Home(folder)
    home.secrets.write_text(text)
    home.secrets.chmod(mode)
    return home


def test_a_table_is_read(tmp_path: Path) -> None:
    """A table, none, something else of that name, and no file."""
    home = a_home(tmp_path, 'pings.train = "https://a"\nalerts = 1\n')

    assert secret_table(home, "pings", private=True) == {"train": "https://a"}
    assert secret_table(home, "alerts") == secret_table(home, "service") == {}
    home.secrets.unlink()
    assert secret_table(home, "pings") == {}


@pytest.mark.parametrize("kind", [*BROKEN, "pipe", "folder", "not UTF-8"])
def test_a_broken_file_is_one_line_for_each_reader(tmp_path: Path, kind: str) -> None:
    """Alerts, pings and the token name the file, and nothing that stands in it."""
    home = a_home(tmp_path, BROKEN.get(kind, ""))
    if kind == "not UTF-8":
        home.secrets.write_bytes(b"TOKEN\xff")
    elif kind not in BROKEN:
        home.secrets.unlink()
        (os.mkfifo if kind == "pipe" else os.mkdir)(home.secrets)

    with pytest.raises(ConfigError) as error:
        read_token(home)
    faults = (alert_urls(home)[1], ping_of(home, "train")[1], str(error.value))

    assert all(str(home.secrets) in fault and "TOKEN" not in fault for fault in faults)


def test_a_mounted_secret_may_be_a_link(tmp_path: Path) -> None:
    """The target is what must be private."""
    home = a_home(tmp_path, 'pings.train = "https://a"\n')
    home.secrets.rename(tmp_path / "target")
    home.secrets.symlink_to("target")

    assert secret_table(home, "pings", private=True) == {"train": "https://a"}
    (tmp_path / "target").chmod(0o640)
    with pytest.raises(FileError, match="can be read by others"):
        secret_table(home, "pings", private=True)
