"""`config show|check|set`."""

import json
from pathlib import Path

import pytest

from engine.settings import load as config
from engine.settings.ml_config import ml_config_text
from tests.cli.fakes import fake, invoke
from tests.helpers import new_home, stockml


def test_check_lists_every_problem(tmp_path: Path) -> None:
    """All mistakes of file and environment come at once, each with origin and key, exit 3."""
    home = new_home(tmp_path / "h")
    home.settings.write_text(
        '[training]\nepohs = 5\nbatch_size = "x"\n\n[resources]\ncpu_warn = 99.0\n\n[mraket]\n'
    )
    ran = stockml("config", "check", "--home", str(home.root), ML_EPOCHS="many")
    tree = json.loads(stockml("config", "check", "--json", "--home", str(home.root)).stdout)

    assert 3 == ran.returncode
    for word in (
        "training.epohs",
        "did you mean epochs",
        "batch_size",
        "mraket",
        "environment ML_EPOCHS",
        "cpu_warn",
    ):
        assert word in ran.stdout
    assert not tree["ok"]
    assert 4 == len(tree["problems"])


def test_check_of_a_sound_home(tmp_path: Path) -> None:
    """The packaged settings have no problem."""
    ran = stockml("config", "check", "--home", str(tmp_path / "h"))

    assert (0, "no problem found\n") == (ran.returncode, ran.stdout.split(": ")[1])


@pytest.mark.parametrize(
    "words",
    [("status",), ("train", "NVDA"), ("config", "show"), ("config", "set", "training.epochs", "4")],
)
def test_broken_toml_ends_with_3(tmp_path: Path, words: tuple[str, ...]) -> None:
    """A settings file that is not TOML stops every command with 3, file and place named, and
    stays as it is."""
    home = new_home(tmp_path / "h")
    home.settings.write_text("[training\nepochs = 5\n")
    ran = stockml(*words, "--home", str(home.root))

    assert 3 == ran.returncode
    assert "line 1" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert "[training\nepochs = 5\n" == home.settings.read_text()


def test_set_changes_one_line(tmp_path: Path) -> None:
    """One line differs afterwards, the file before is kept, and ml_config.json follows."""
    home = new_home(tmp_path / "h")
    before = home.settings.read_text()
    ran = stockml("config", "set", "training.epochs", "40", "--home", str(home.root))

    assert (0, "training.epochs = 40 (was 50)\n") == (ran.returncode, ran.stdout)
    assert before.replace("\nepochs = 50\n", "\nepochs = 40\n") == home.settings.read_text()
    assert before == (home.root / ".stockml.toml.previous").read_text()
    assert '"default_epochs": 40' in home.ml_config.read_text()


def test_set_refuses_what_would_be_invalid(tmp_path: Path) -> None:
    """A value out of range, a key that does not exist, or no key at all writes nothing and ends
    with 3."""
    home = new_home(tmp_path / "h")
    before = home.settings.read_text()
    for key, value in (
        ("training.epochs", "0"),
        ("training.epohs", "5"),
        ("training", "5"),
        ("market.source", "yaho"),
    ):
        ran = stockml("config", "set", key, value, "--home", str(home.root))
        assert 3 == ran.returncode
        assert key.split(".")[-1] in ran.stderr

    assert before == home.settings.read_text()
    assert not (home.root / ".stockml.toml.previous").exists()


def test_a_value_with_a_minus_sign_is_a_value(tmp_path: Path) -> None:
    """A negative number is judged as a number, not taken for an option."""
    ran = stockml(
        "config", "set", "training.epochs", "-3", "--home", str(new_home(tmp_path / "h").root)
    )

    assert ran.returncode == 3
    assert "training.epochs: -3: Expected int >= 1" in ran.stderr


def test_set_says_when_the_environment_overrides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A value that a variable overrides here is written, with a word about the variable."""
    monkeypatch.setenv("ML_EPOCHS", "7")
    result = invoke(fake(tmp_path), "config", "set", "training.epochs", "40")

    assert "ML_EPOCHS in the environment overrides it here: 7" in result.stderr


def test_check_names_a_variable_of_the_guide_that_is_ignored(tmp_path: Path) -> None:
    """ML_PYTHON_SCRIPT starts nothing here: a note on stderr, and no problem."""
    home = new_home(tmp_path / "h")
    ran = stockml("config", "check", "--home", str(home.root), ML_PYTHON_SCRIPT="predict.py")
    assert ran.returncode == 0
    assert "ML_PYTHON_SCRIPT in the environment is ignored" in ran.stderr


def test_show_names_the_origin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each effective value says whether file, default or which variable set it."""
    engine = fake(tmp_path)
    engine.home.settings.write_text("[training]\nepochs = 5\nbatch_size = 8\n")
    monkeypatch.setenv("ML_BATCH_SIZE", "16")
    values = json.loads(invoke(engine, "config", "show", "--json").stdout)["settings"]
    text = invoke(engine, "config", "show").stdout

    assert {"value": 5, "origin": "file"} == values["training.epochs"]
    assert {"value": 16, "origin": "environment ML_BATCH_SIZE"} == values["training.batch_size"]
    assert {"value": 60, "origin": "default"} == values["training.sequence_length"]
    assert {"value": "2020-11-18", "origin": "default"} == values["symbols.MP.min_date"]
    assert ["training.epochs", "5", "file"] in [line.split() for line in text.splitlines()]


def test_a_command_brings_ml_config_up_to_date(tmp_path: Path) -> None:
    """Any command that opens the home leaves ml_config.json as the settings say."""
    home = new_home(tmp_path / "h", training__epochs=33)
    stockml("status", "--home", str(home.root))

    assert ml_config_text(config.load(home)) == home.ml_config.read_text()


def test_closings_are_set_and_shown(tmp_path: Path) -> None:
    """One day or several, as words; shown in text and in the document."""
    home = new_home(tmp_path / "h")
    for words, days in (
        ("2027-01-08", ["2027-01-08"]),
        ("2027-01-08, 2027-01-11", ["2027-01-08", "2027-01-11"]),
    ):
        ran = stockml("config", "set", "market.extra_closings", words, "--home", str(home.root))
        assert ran.returncode == 0, ran.stderr
        tree = json.loads(stockml("config", "show", "--json", "--home", str(home.root)).stdout)
        assert tree["settings"]["market.extra_closings"]["value"] == days
    wrong = stockml("config", "set", "market.extra_closings", "Friday", "--home", str(home.root))
    assert wrong.returncode == 3
