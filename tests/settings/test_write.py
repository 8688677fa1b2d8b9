"""stockml.toml changed: one key, or several together."""

import multiprocessing
import tomllib
from pathlib import Path

import pytest

from engine.core.audit_log import read_entries
from engine.core.errors import BusyError, ConfigError, RefusedError
from engine.core.files import FileLock
from engine.core.paths import Home
from engine.settings import load as config
from engine.settings.write import set_key, set_keys
from tests.helpers import new_home

EPOCHS = ("training", "epochs")
ACCURACY = ("thresholds", "min_accuracy")
CPU_WARN = ("resources", "cpu_warn")
CPU_CRIT = ("resources", "cpu_crit")


def test_set_key_writes_and_keeps_the_file_before(tmp_path: Path) -> None:
    """The change says old and new value, mode and the file before are kept."""
    home = new_home(tmp_path / "h")
    home.settings.chmod(0o600)
    before = home.settings.read_bytes()
    change = set_key(home, "market.source", "simulated")

    assert ("market.source", "yahoo", "simulated") == (change.key, change.before, change.after)
    assert before == (home.root / ".stockml.toml.previous").read_bytes()
    assert 0o600 == home.settings.stat().st_mode & 0o777


def test_setting_the_same_value_writes_nothing(tmp_path: Path) -> None:
    """A value that stands there already leaves the file and the one before it alone."""
    home = new_home(tmp_path / "h")
    inode = home.settings.stat().st_ino
    set_key(home, "training.epochs", "50")

    assert inode == home.settings.stat().st_ino
    assert not (home.root / ".stockml.toml.previous").exists()


@pytest.mark.parametrize(
    ("key_text", "raw"),
    [
        ("training.epochs", "0"),
        ("training.epochs", "ten"),
        ("nope.x", "1"),
        ("symbols.AMD.kind", "tech"),
        ("thresholds.max_mape", "nan"),
    ],
)
def test_invalid_settings_are_never_written(tmp_path: Path, key_text: str, raw: str) -> None:
    """A value that leaves wrong settings raises, and not a byte of the home changes."""
    home = new_home(tmp_path / "h")
    before = home.settings.read_bytes()
    with pytest.raises(ConfigError):
        set_key(home, key_text, raw)

    assert before == home.settings.read_bytes()
    assert not (home.root / ".stockml.toml.previous").exists()


def test_a_word_for_a_number_is_refused_with_the_reason(tmp_path: Path) -> None:
    """`nan` is no number that a key takes: the fault is the value's, not the file's."""
    with pytest.raises(ConfigError, match=r"thresholds\.max_mape: 'nan': Expected float"):
        set_key(new_home(tmp_path / "h"), "thresholds.max_mape", "nan")


def test_a_text_key_takes_a_bare_number(tmp_path: Path) -> None:
    """Where only text is valid, a bare word that looks like a number is text."""
    home = new_home(tmp_path / "h")

    assert "3" == set_key(home, "service.model_version", "3").after
    assert ["naive", "lstm"] == set_key(home, "training.members", "naive,lstm").after


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    """Settings kept elsewhere and linked here are changed where they are."""
    home = new_home(tmp_path / "h")
    real = tmp_path / "dotfiles.toml"
    home.settings.rename(real)
    home.settings.symlink_to(real)
    set_key(home, "training.epochs", "41")

    assert home.settings.is_symlink()
    assert "\nepochs = 41\n" in real.read_text()


def test_a_locked_file_is_busy(tmp_path: Path) -> None:
    """While another process changes the settings, a second one gives up in words."""
    home = new_home(tmp_path / "h")
    with FileLock(home.locks / "settings.lock") as lock:
        assert lock.acquire()
        with pytest.raises(BusyError):
            set_key(home, "training.epochs", "41", wait_s=0.05)


def _set(root: str, key_text: str, raw: str) -> None:
    set_key(Home(Path(root)), key_text, raw, wait_s=60)


def test_simultaneous_changes_are_all_kept(tmp_path: Path) -> None:
    """Several processes that set different keys at once all find their value in the end."""
    home = new_home(tmp_path / "h")
    expected = {
        "training.epochs": "41",
        "training.batch_size": "16",
        "thresholds.max_mape": "4.5",
        "logs.keep_days": "9",
    }
    context = multiprocessing.get_context("spawn")
    children = [
        context.Process(target=_set, args=(str(home.root), name, raw))
        for name, raw in expected.items()
    ]
    for child in children:
        child.start()
    for child in children:
        child.join(60)

    assert [0] * 4 == [child.exitcode for child in children]
    tree = tomllib.loads(home.settings.read_text())
    assert [41, 16, 4.5, 9] == [tree[name.split(".")[0]][name.split(".")[1]] for name in expected]


@pytest.mark.parametrize(
    "text", ["bad = = 1\n", "a = " + "[" * 5000, "[training]\nepochs = " + "9" * 5000]
)
def test_a_broken_file_is_reported_and_kept(tmp_path: Path, text: str) -> None:
    """What is no TOML, nests too deep or holds a number too long is a ConfigError with the
    file's name; it is not written."""
    home = new_home(tmp_path / "home")
    home.settings.write_text(text)

    with pytest.raises(ConfigError, match=r"stockml\.toml: not valid TOML") as caught:
        set_key(home, "training.epochs", "3")

    assert "by hand" in caught.value.hint
    assert home.settings.read_text() == text


def test_several_keys_are_written_together(tmp_path: Path) -> None:
    """Two lines differ afterwards, the file before is kept, and the record names both with old
    and new value."""
    home = new_home(tmp_path / "h")
    before = home.settings.read_text()
    set_keys(home, {CPU_WARN: 96.0, CPU_CRIT: 99.0}, {CPU_WARN: 80.0, CPU_CRIT: 95.0})
    after = home.settings.read_text()

    assert after == before.replace("cpu_warn = 80.0", "cpu_warn = 96.0").replace(
        "cpu_crit = 95.0", "cpu_crit = 99.0"
    )
    assert (home.root / ".stockml.toml.previous").read_text() == before
    (entry,) = read_entries(home)
    assert (entry.action, entry.outcome) == ("config set", "done")
    assert entry.details == {
        "resources.cpu_warn": "80.0 -> 96.0",
        "resources.cpu_crit": "95.0 -> 99.0",
    }


@pytest.mark.parametrize(
    "changes",
    [{CPU_WARN: 96.0}, {EPOCHS: 10, ACCURACY: "x"}, {EPOCHS: 10, ("training", "nope"): 1}],
)
def test_several_keys_are_written_together_or_not_at_all(
    tmp_path: Path, changes: dict[tuple[str, ...], object]
) -> None:
    """When one of the changes is wrong, none of them is written."""
    home = new_home(tmp_path / "h")
    before = home.settings.read_text()
    with pytest.raises(ConfigError, match="nothing was written"):
        set_keys(home, changes)

    assert home.settings.read_text() == before
    assert [entry.outcome for entry in read_entries(home)] == ["refused"]


def test_somebody_elses_change_is_not_overwritten(tmp_path: Path) -> None:
    """A key that stands otherwise than it was seen is refused;
    one that others left alone is written beside their change."""
    home = new_home(tmp_path / "h")
    set_key(home, "training.epochs", "7")
    with pytest.raises(RefusedError, match="changed meanwhile"):
        set_keys(home, {EPOCHS: 10}, {EPOCHS: 50})
    set_keys(home, {ACCURACY: 40}, {ACCURACY: 45.0})

    settings = config.load(home, {})
    assert (settings.training.epochs, settings.thresholds.min_accuracy) == (7, 40)


def test_a_key_is_taken_out_with_its_line(tmp_path: Path) -> None:
    """None takes a remapped key out again; every other character stays."""
    home = new_home(tmp_path / "h")
    before = home.settings.read_text()
    set_keys(home, {("console", "keys", "retrain"): ["T", "ctrl+t"]})
    assert config.load(home, {}).console.keys == {"retrain": ("T", "ctrl+t")}
    set_keys(home, {("console", "keys", "retrain"): None})

    assert home.settings.read_text() == before


def test_a_mistyped_value_is_not_audited(tmp_path: Path) -> None:
    """A refused `config set` leaves neither the value nor the error in the record: it may be a
    secret in the wrong place."""
    home = new_home(tmp_path / "h")
    for key in ("alerts.enabled", "discord://hook/token"):
        with pytest.raises(ConfigError):
            set_key(home, key, "https://user:s3cret@example.org")

    assert "s3cret" not in home.audit_log.read_text()
    assert "token" not in home.audit_log.read_text()
    assert [entry.outcome for entry in read_entries(home)] == ["refused", "refused"]
