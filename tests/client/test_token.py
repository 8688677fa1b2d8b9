"""The bearer token: made once, kept from others, never weak."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.client.token import MIN_LENGTH, make_token, read_token
from engine.core.errors import ConfigError, RefusedError
from engine.core.paths import Home
from tests.helpers import new_home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = new_home(tmp_path / "home")
    bare(home, '[service]\ntoken = "a-token-that-is-long-enough-for-tests"\n')
    return home


def bare(home: Home, text: str, mode: int = 0o600) -> None:
    home.secrets.write_text(text)
    home.secrets.chmod(mode)


def test_a_made_token_is_strong_and_private(home: Home) -> None:
    """A new token has 256 bits, its file is 0600, and two of them differ."""
    home.secrets.unlink()
    assert read_token(home) == ""
    make_token(home)
    first = read_token(home)
    assert len(first) >= 43
    assert home.secrets.stat().st_mode & 0o777 == 0o600
    home.secrets.unlink()
    make_token(home)
    assert read_token(home) != first


def test_other_secrets_are_kept(home: Home) -> None:
    """Making a token keeps every line that is there; a second time it is refused."""
    before = '# mine\n[pings]\nweekly = "https://hc.example/x"\n'
    bare(home, before)
    make_token(home)
    assert home.secrets.read_text().startswith(before)
    with pytest.raises(RefusedError):
        make_token(home)


def test_a_link_stays_a_link(home: Home, tmp_path: Path) -> None:
    """Secrets kept elsewhere and linked here get the token where they are."""
    real = tmp_path / "own.toml"
    home.secrets.unlink()
    real.write_text('[alerts]\nurls = ["json://x"]\n')
    home.secrets.symlink_to(real)
    make_token(home)
    assert home.secrets.is_symlink() and "urls" in real.read_text()
    assert read_token(home) in real.read_text()
    assert real.stat().st_mode & 0o777 == 0o600


def test_a_file_that_others_can_read_is_refused(home: Home) -> None:
    """Group or world bits on a file with a token are an error that names the command."""
    for mode in (0o640, 0o604, 0o666):
        bare(home, f'[service]\ntoken = "{"x" * MIN_LENGTH}"\n', mode)
        with pytest.raises(ConfigError, match="chmod 600"):
            read_token(home)


@pytest.mark.parametrize(
    "token", ["short", "x" * (MIN_LENGTH - 1), "with a space" * 4, "x" * 201, 'quo\\"te' * 9]
)
def test_a_weak_or_odd_token_is_refused(home: Home, token: str) -> None:
    """A token that is short, or that a header cannot carry, is an error and is not shown."""
    bare(home, f'[service]\ntoken = "{token}"\n')
    with pytest.raises(ConfigError) as caught:
        read_token(home)
    assert token not in str(caught.value)


@pytest.mark.parametrize("text", ["[service", "\xff\xfe"])
def test_a_broken_file_is_told(home: Home, text: str) -> None:
    """A file that is no TOML is an error that names it."""
    home.secrets.write_bytes(text.encode("latin-1"))
    home.secrets.chmod(0o600)
    with pytest.raises(ConfigError, match=r"secrets\.toml"):
        read_token(home)
