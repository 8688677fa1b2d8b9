"""The themes: contrast, colour blindness, and changing them while the console runs."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import get_args

import pytest
from rich.color import ColorSystem

from engine.settings import load as config
from engine.settings.schema import Theme
from tests.tui.colours import BLINDNESS, SIXTEEN, contrast, distance, rgb
from tests.tui.helpers import opened, screen_text, until
from tests.tui.scenes import trained_home
from tui.app import StockmlApp
from tui.look.themes import BY_NAME, DEFAULT, PALETTES, Palette, palette_after
from tui.widgets.lines import Lines

TEXTS = ("foreground", "dim", "ok", "warn", "crit", "live")
STATES = ("ok", "warn", "crit", "live")
LEAST = {"high-contrast": 7.0}
DEEP = [found for found in PALETTES if not found.ansi]
OWN = [found for found in PALETTES if found.ansi]


def test_settings_know_every_theme() -> None:
    """`[console] theme` takes auto and the names of the table;
    another one is refused with all of them named."""
    assert get_args(Theme) == ("auto", *BY_NAME)

    settings, problems = config.parse('[console]\ntheme = "nord"\n', "stockml.toml", {})
    assert settings is None
    assert str(problems[0]).endswith(
        f"console.theme: 'nord': it is none of {', '.join(get_args(Theme))}"
    )


@pytest.mark.parametrize(
    "system", [ColorSystem.TRUECOLOR, ColorSystem.EIGHT_BIT], ids=["truecolor", "256"]
)
@pytest.mark.parametrize("palette", DEEP, ids=lambda found: found.name)
def test_contrast_of_text(palette: Palette, system: ColorSystem) -> None:
    """Every text has a contrast of at least 4.5 on its background, 7 in high contrast, also when
    cut to 256 colours."""
    background = rgb(palette.background, system)
    found = {name: contrast(rgb(getattr(palette, name), system), background) for name in TEXTS}

    assert min(found.values()) >= LEAST.get(palette.name, 4.5), found


@pytest.mark.parametrize("terminal", SIXTEEN)
@pytest.mark.parametrize("palette", OWN, ids=lambda found: found.name)
def test_contrast_of_the_terminals_own_colours(palette: Palette, terminal: str) -> None:
    """The chosen ones of sixteen read on black, or on white, as the Linux console and xterm show
    them."""
    background = rgb("#000000" if palette.dark else "#ffffff")
    chosen = {
        getattr(palette, name).removeprefix("ansi_")
        for name in STATES
        if getattr(palette, name) != DEFAULT
    }
    found = {name: contrast(rgb(SIXTEEN[terminal][name]), background) for name in chosen}

    assert min(found.values(), default=21) >= 4.5, found


@pytest.mark.parametrize("blindness", BLINDNESS)
def test_states_are_told_apart_by_the_colour_blind(blindness: str) -> None:
    """Good, warning, bad and live stay plainly different colours;
    in the dark theme good and bad come closer."""
    safe, dark = (
        [rgb(getattr(BY_NAME[name], state)) for state in STATES]
        for name in ("colour-blind", "dark")
    )

    assert min(distance(one, other, blindness) for one, other in combinations(safe, 2)) >= 20
    assert distance(safe[0], safe[2], blindness) > 4 * distance(dark[0], dark[2], blindness)


def test_the_next_theme_goes_round_and_stays_within_the_terminals_colours() -> None:
    """All are reached one after the other; a terminal of few colours is offered its own alone."""
    names, few = ["dark"], ["no-colour"]
    for _ in PALETTES[1:]:
        names.append(palette_after(names[-1], few_colours=False).name)
    for _ in range(3):
        few.append(palette_after(few[-1], few_colours=True).name)

    assert names == list(BY_NAME)
    assert few == ["no-colour", "16-colours", "16-colours-light", "no-colour"]


def background(app: StockmlApp) -> object:
    """The colour behind the title, as it is sent to the terminal."""
    (segment, *_) = list(app.main.query_one("#frame", Lines).render_line(0))
    assert segment.style is not None
    return segment.style.bgcolor and segment.style.bgcolor.name


async def test_colours_change_while_the_console_runs(tmp_path: Path) -> None:
    """`C` wears the next theme and says how to keep it; nothing is written to the settings."""
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        before = engine.home.settings.read_bytes()
        assert background(app) == BY_NAME["dark"].background
        await pilot.press("C")
        await until(
            pilot, lambda: "config set console.theme light" in screen_text(app), "the notice"
        )
        await until(
            pilot, lambda: background(app) == BY_NAME["light"].background, "the light background"
        )
        assert BY_NAME["light"].ok in {
            segment.style.color.name
            for segment in app.main.query_one("#symbols", Lines).render_line(2)
            if segment.style and segment.style.color
        }
        for found in (*PALETTES[2:], PALETTES[0]):
            await pilot.press("C")
            await until(pilot, lambda found=found: app.theme == found.name, "the next theme")  # type: ignore[misc]
        assert engine.home.settings.read_bytes() == before


async def test_a_theme_is_chosen_by_its_name(tmp_path: Path) -> None:
    """The palette lists every theme at the word; enter wears the chosen one;
    a terminal of few colours says what it has."""
    async with opened(tmp_path / "home", trained_home()) as (app, _, pilot):
        await pilot.press("ctrl+p", *"theme")
        await until(
            pilot,
            lambda: all(f"theme {name}: " in screen_text(app) for name in BY_NAME),
            "the list",
        )
        await pilot.press(*" contrast", "enter")
        await until(
            pilot, lambda: background(app) == BY_NAME["high-contrast"].background, "the chosen one"
        )
        assert "config set console.theme high-contrast" in screen_text(app)
        app.few_colours = True
        app.main.action_act("theme_light")
        await until(pilot, lambda: "light needs 256 colours" in screen_text(app), "the words")
        assert app.theme == "high-contrast"
        app.main.action_act("theme_16-colours-light")
        await until(pilot, lambda: app.theme == "16-colours-light", "one of its own")


async def test_the_settings_theme_is_worn_and_followed(tmp_path: Path) -> None:
    """The console opens in the theme of the settings, and takes over a change of them."""
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "stockml.toml").write_text('[console]\ntheme = "high-contrast"\n')
    async with opened(folder, trained_home()) as (app, engine, pilot):
        assert (app.theme, background(app)) == ("high-contrast", "#000000")
        (folder / "stockml.toml").write_text('[console]\ntheme = "colour-blind"\n')
        engine.reread()
        app.look_now()

        def worn() -> bool:
            app._tick()
            return background(app) == BY_NAME["colour-blind"].background

        await until(pilot, worn, "the other theme")


async def test_no_color_offers_no_colours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under NO_COLOR no cell has a colour, and `C` says why there is nothing to choose."""
    monkeypatch.setenv("NO_COLOR", "1")
    async with opened(tmp_path / "home", trained_home(), theme="no-colour") as (app, _, pilot):
        await pilot.press("C")
        await until(pilot, lambda: "NO_COLOR is set" in screen_text(app), "the notice")
        assert app.theme == "no-colour"
