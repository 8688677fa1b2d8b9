"""The demo's home."""

from pathlib import Path

import pytest

from engine.cli.demo import demo_folder, demo_settings, prepare_demo
from engine.core.errors import ConfigError, ExitCode, RefusedError
from engine.core.paths import Home
from engine.core.records import Job, JobState
from engine.settings import load as config
from engine.settings.home import default_settings
from tests.cli.fakes import done, fake, invoke, make_run, make_snapshot, trained


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("/data", "/data/stockml-demo"),
        ("", "/u/.local/share/stockml-demo"),
        ("rel", "/u/.local/share/stockml-demo"),
    ],
)
def test_a_home_of_its_own(given: str, expected: str) -> None:
    """The demo lives under XDG_DATA_HOME when that is absolute, else under the user's own share."""
    assert Path(expected) == demo_folder({"XDG_DATA_HOME": given} if given else {}, Path("/u"))


def test_its_settings_are_the_packaged_ones_on_a_simulated_market() -> None:
    """Source simulated and fewer epochs; every other line is the packaged one."""
    settings, problems = config.parse(demo_settings(), "demo", {})
    changed = [
        line for line in demo_settings().splitlines() if line not in default_settings().splitlines()
    ]

    assert settings is not None and problems == []
    assert "simulated" == settings.market.source
    assert settings.training.quick_epochs < settings.training.epochs
    assert 4 == len(changed)


def test_settings_of_before_are_kept(tmp_path: Path) -> None:
    """A second demo leaves what the operator wrote there."""
    home = Home(tmp_path / "demo")
    prepare_demo(home)
    home.settings.write_text(home.settings.read_text() + "# mine\n")
    prepare_demo(home)

    assert home.settings.read_text().endswith("# mine\n")


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """Where no folder can be made the fault is bad configuration, in words."""
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot create the demo"):
        prepare_demo(Home(tmp_path / "file" / "demo"))


def test_a_real_home_is_refused(tmp_path: Path) -> None:
    """A home whose source is real is never used for a demo."""
    result = invoke(fake(tmp_path), "demo")

    assert isinstance(result.exception, RefusedError)
    assert "is not a demo" in result.exception.message


def test_headless_trains_all_and_ends_with_the_status(tmp_path: Path) -> None:
    """Without a terminal every symbol is trained with progress lines, and the status table ends
    it, exit 0."""
    run = make_run(done("NVDA"), source="simulated")
    engine = fake(tmp_path, plays=[run], snapshots=[make_snapshot(trained("NVDA"), simulated=True)])
    engine.home.settings.write_text(demo_settings())
    result = invoke(engine, "demo")

    assert ExitCode.DONE == result.return_value
    assert 13 == len(engine.requests[0].symbols)
    assert "[1/1] NVDA" in result.stdout
    headings = [line.split()[:3] for line in result.stdout.splitlines()]
    assert ["SYMBOL", "STATE", "CLOSE"] in headings[-4:]
    assert "SIMULATED" in result.stdout


def test_a_second_demo_that_improves_nothing_is_fine(tmp_path: Path) -> None:
    """Models as good as the ones there are refused by the guard, which is no fault of a demo;
    a failure is."""
    refused, failed = (
        make_run(Job("NVDA", JobState.REFUSED)),
        make_run(Job("NVDA", JobState.FAILED)),
    )
    engine = fake(tmp_path, plays=[refused], snapshots=[make_snapshot(trained("NVDA"))])
    engine.home.settings.write_text(demo_settings())

    assert ExitCode.DONE == invoke(engine, "demo").return_value
    engine.plays = [failed]
    assert ExitCode.FAILED == invoke(engine, "demo").return_value
