"""Settings, read strictly."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.errors import ConfigError
from engine.core.symbols import Priority
from engine.settings.home import default_settings
from engine.settings.load import load, parse
from engine.settings.schema import ENVIRONMENT, Settings
from tests.helpers import ROOT, new_home


def problems(text: str, **environ: str) -> list[str]:
    """The problems of a text, as shown."""
    return [str(problem) for problem in parse(text, "stockml.toml", environ)[1]]


def settings(text: str = "", **environ: str) -> Settings:
    """The settings of a text that has no problem."""
    settings, wrong = parse(text, "stockml.toml", environ)
    assert wrong == []
    assert settings is not None
    return settings


def test_the_packaged_settings_are_the_guides() -> None:
    """13 symbols with the guide's priorities and days, and the guide's training and thresholds."""
    packaged = settings(default_settings())

    assert " ".join(packaged.names) == "NVDA TSLA AAPL MSFT GOOGL AMZN AUR PLTR SMCI TSM MP SMR SPY"
    assert (("NVDA", "TSLA", "AAPL"), ("MSFT", "GOOGL", "AMZN")) == (
        packaged.with_priority(Priority.HIGH),
        packaged.with_priority(Priority.MEDIUM),
    )
    days = {name: symbol.min_date for name, symbol in packaged.symbols.items() if symbol.min_date}
    assert {"MP": date(2020, 11, 18), "AUR": date(2021, 11, 4), "SMR": date(2022, 5, 3)} == days
    training, limits = packaged.training, packaged.thresholds
    assert (50, 10, 32, 60, 0.2, True) == (
        training.epochs,
        training.quick_epochs,
        training.batch_size,
        training.sequence_length,
        training.validation_split,
        training.early_stopping,
    )
    assert (45, 5, 60, 7) == (
        limits.min_accuracy,
        limits.max_mape,
        limits.min_confidence,
        limits.max_model_age_days,
    )
    assert 300 == packaged.service.ttl_s


def test_every_key_has_a_comment() -> None:
    """In the packaged settings each key has its own comment line above it, a key of the symbols
    where it is used first."""
    section, above, unexplained, explained = "", "", [], set[str]()
    for line in default_settings().splitlines():
        if line.startswith("["):
            section = line.strip("[]").partition(".")[0]
        elif " = " in line and not line.startswith("#"):
            key = f"{section}.{line.partition(' = ')[0]}"
            unexplained += [key] if not above.startswith("#") and key not in explained else []
            explained.add(key)
        above = line
    assert [] == unexplained
    assert {"resources.memory_warn", "service.port", "symbols.min_date"} <= explained


def test_the_settings_at_the_root_equal_the_packaged_ones() -> None:
    """The file at the root of a checkout says the same as the packaged one, comments included."""
    assert default_settings() == (ROOT / "stockml.toml").read_text()


def test_a_byte_order_mark_is_reported_with_the_fix() -> None:
    """An editor's BOM is no riddle of line 1, column 1."""
    (said,) = problems("\ufeff" + default_settings())
    assert "BOM" in said
    assert "save it as UTF-8 without BOM" in said


@pytest.mark.parametrize("wrong", ["5 minutes", "", "1d"])
def test_a_wrong_ttl_is_refused_with_its_form(wrong: str) -> None:
    """A wrong prediction TTL is answered with examples, not with a pattern."""
    (said,) = problems("", ML_PREDICTION_TTL=wrong)
    assert "write it like 30s, 5m or 1h" in said
    assert "[0-9]" not in said


def test_an_empty_file_reads_as_the_defaults() -> None:
    """What a file leaves out reads as the packaged value."""
    assert settings(default_settings()) == settings("")
    assert (5, 32) == (
        settings("[training]\nepochs = 5").training.epochs,
        settings("[training]\nepochs = 5").training.batch_size,
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[training]\nepohs = 5", ("stockml.toml", "training.epohs", "did you mean epochs")),
        ("[trainig]\nepochs = 5", ("trainig", "did you mean training")),
        ('[training]\nepochs = "5"', ("training.epochs", "'5'", "Expected int")),
        ("[training]\nepochs = 0", ("training.epochs", "0:", ">= 1")),
        ("[training]\nepochs = 5.5", ("training.epochs", "5.5")),
        ("[training]\nvalidation_split = 0.9", ("validation_split", "0.9", "<= 0.5")),
        ('[training]\nmembers = ["lstn"]', ("training.members", "lstn")),
        ("[training]\nmembers = []", ("training.members",)),
        ("training = 5", ("training", "not a table")),
        ('[market]\nsource = "yaho"', ("market.source", "'yaho'", "csv:DIR")),
        ('[market]\nsource = "csv:"', ("market.source",)),
        ("[resources]\ncpu_warn = 96.0", ("resources.cpu_warn", "above cpu_crit = 95.0")),
        ('[service]\nprediction_ttl = "5 min"', ("service.prediction_ttl",)),
        ("[symbols]", ("no symbol",)),
        ('[symbols.nvda]\ncompany = "x"', ("symbols.nvda", "not a symbol")),
        ('[symbols.AMD]\ncompany = "x"', ("symbols.AMD.sector: missing",)),
        ("[symbols]\nAMD = 1", ("symbols.AMD", "not a table")),
        ('[symbols.BRK.B]\ncompany = "x"', ("symbols.BRK.B:", '[symbols."BRK.B"]')),
        ("[training\nepochs = 5", ("not valid TOML", "line 1")),
        ("\x1b[2J = 1", ("not valid TOML",)),
        ("a = " + "[" * 5000, ("not valid TOML", "nested deeper than 32")),
        ("[training]\nepochs = " + "9" * 5000, ("not valid TOML", "5000 digits")),
    ],
)
def test_a_mistake_names_file_key_value_and_the_nearest(text: str, words: tuple[str, ...]) -> None:
    """Every kind of mistake says where, what and what was meant, without control characters."""
    (problem,) = problems(text)[:1]

    assert all(word in problem for word in words)
    assert problem.isprintable()


def test_all_mistakes_are_reported_together() -> None:
    """Mistakes of different sections, across keys and of the environment are found in one look."""
    messages = problems(
        "[training]\nepohs = 1\nbatch_size = 0\n[resources]\ndisk_warn = 99.0\n[nope]\n",
        MAX_MAPE="much",
    )

    assert 5 == len(messages)
    assert any("environment MAX_MAPE" in problem and "'much'" in problem for problem in messages)


def test_a_broken_file_does_not_hide_the_environment() -> None:
    """When the file cannot be read as TOML, a wrong variable is named beside it."""
    assert 2 == len(problems("[x", ML_EPOCHS="many"))


@pytest.mark.parametrize(
    ("variable", "raw", "expected"),
    [
        ("ML_EPOCHS", "12", 12),
        ("ML_BATCH_SIZE", "16", 16),
        ("ML_SEQUENCE_LENGTH", "30", 30),
        ("ML_VALIDATION_SPLIT", "0.1", 0.1),
        ("ML_MODEL_VERSION", "v9", "v9"),
        ("ML_PREDICTION_TTL", "30s", "30s"),
        ("MIN_ACCURACY", "48", 48.0),
        ("MAX_MAPE", "4.5", 4.5),
        ("MIN_CONFIDENCE", "55.5", 55.5),
        ("MAX_MODEL_AGE_DAYS", "3", 3),
    ],
)
def test_the_guides_variables_override(variable: str, raw: str, expected: object) -> None:
    """Each variable of the guide wins over the file, and one out of range or of the wrong type
    is a problem."""
    section, _, name = ENVIRONMENT[variable].partition(".")

    assert expected == getattr(
        getattr(settings(default_settings(), **{variable: raw}), section), name
    )
    assert problems("", **{variable: ""})


def test_every_variable_is_tested() -> None:
    """The list above is the whole list."""
    assert 10 == len(ENVIRONMENT)


def test_load_stops_with_every_problem(tmp_path: Path) -> None:
    """Loading raises once, with the first problem in words and all of them attached."""
    home = new_home(tmp_path / "h")
    home.settings.write_text("[training]\nepochs = 0\nbatch_size = 0\n")
    with pytest.raises(ConfigError, match=r"epochs.*and 1 more.*config check") as caught:
        load(home, {})

    assert 2 == len(caught.value.problems)


def test_an_unreadable_file_is_reported(tmp_path: Path) -> None:
    """A missing file and one that is not UTF-8 are bad configuration, in words."""
    home = new_home(tmp_path / "h")
    home.settings.write_bytes(b"# \xff")
    with pytest.raises(ConfigError, match="not UTF-8"):
        load(home, {})
    home.settings.unlink()
    with pytest.raises(ConfigError, match="cannot read"):
        load(home, {})


TREES = st.recursive(
    st.one_of(
        st.integers(), st.booleans(), st.text(max_size=5), st.floats(allow_nan=False), st.dates()
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2),
        st.dictionaries(
            st.one_of(
                st.sampled_from(["training", "epochs", "symbols", "NVDA", "market", "source"]),
                st.text(max_size=4),
            ),
            inner,
        ),
    ),
    max_leaves=10,
)


@given(
    st.dictionaries(
        st.sampled_from(["training", "symbols", "market", "thresholds", "x"]), TREES, max_size=4
    )
)
def test_no_tree_makes_the_check_fail(tree: dict[str, Any]) -> None:
    """Whatever a file holds, the answer is settings or problems, never another error."""
    import tomli_w

    settings, wrong = parse(tomli_w.dumps(tree), "f", {})

    assert (settings is None) == bool(wrong)
