"""What the terminal can show, decided from the environment."""

from __future__ import annotations

import pytest

from tui.terminal import terminal


@pytest.mark.parametrize(
    ("asked", "setting", "link"),
    [
        ("auto", "auto", "auto"),
        ("auto", "slow", "slow"),
        ("auto", "fast", "fast"),
        ("fast", "slow", "fast"),
        ("slow", "fast", "slow"),
    ],
)
def test_link(asked: str, setting: str, link: str) -> None:
    """The command line, then the setting; with neither the line is measured."""
    assert link == terminal.resolve_link(asked, setting)


@pytest.mark.parametrize(("environ", "works"), [({}, True), ({"STY": "1.pts-0.host"}, False)])
def test_gnu_screen_has_no_mouse(environ: dict[str, str], works: bool) -> None:
    """With it `esc` would come together with the next key."""
    assert works == terminal.mouse_works(environ)


@pytest.mark.parametrize(
    ("environ", "plain"),
    [
        ({"LANG": "C.UTF-8"}, False),
        ({"LANG": "en_US.utf8"}, False),
        ({"LANG": "C"}, True),
        ({}, True),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, True),
        ({"LC_CTYPE": "C.UTF-8"}, False),
        ({"LANG": "de_DE.UTF-8", "LC_ALL": "C"}, True),
        ({"LANG": "C", "LC_ALL": "C.UTF-8"}, False),
        ({"LANG": "de_DE.ISO-8859-1"}, True),
    ],
)
def test_ascii_only(environ: dict[str, str], plain: bool) -> None:
    """A locale that is not UTF-8 gets ASCII, also when Python itself coerced a bare C locale."""
    assert plain == terminal.ascii_only(environ)


@pytest.mark.parametrize(
    ("setting", "link", "environ", "theme"),
    [
        ("auto", "fast", {"TERM": "xterm-256color"}, "dark"),
        ("auto", "fast", {"TERM": "tmux-256color", "COLORFGBG": "0;default;15"}, "light"),
        ("auto", "slow", {"TERM": "xterm-256color"}, "16-colours"),
        ("auto", "fast", {"TERM": "linux"}, "16-colours"),
        ("auto", "fast", {"TERM": "screen", "COLORFGBG": "0;7"}, "16-colours-light"),
        ("auto", "fast", {"TERM": "xterm", "COLORTERM": "truecolor"}, "dark"),
        ("colour-blind", "slow", {"TERM": "xterm-256color"}, "colour-blind"),
        ("light", "fast", {"TERM": "xterm"}, "16-colours-light"),
        ("no-colour", "fast", {"TERM": "xterm"}, "no-colour"),
        ("light", "fast", {"TERM": "xterm-256color", "NO_COLOR": ""}, "no-colour"),
    ],
)
def test_theme(setting: str, link: str, environ: dict[str, str], theme: str) -> None:
    """A chosen theme stands;
    few colours get the terminal's own, auto on a slow line too, and NO_COLOR none at all."""
    assert theme == terminal.theme_for(setting, link, environ)


def test_environment_leaves_what_the_user_set() -> None:
    """Textual's variables are set, and the user's own stand, but for a theme that ours replaces."""
    environ = {"TEXTUAL_FPS": "5", "TEXTUAL_THEME": "nope", "COLUMNS": "120", "LINES": "40"}
    terminal.prepare_environment("slow", environ)

    assert environ["TEXTUAL_FPS"] == "5"
    assert environ["TEXTUAL_ANIMATIONS"] == "none"
    assert environ["TEXTUAL_THEME"] == "textual-dark"
    assert environ["ESCDELAY"] == "200"
    assert not {"COLUMNS", "LINES"} & set(environ), "an exported size never follows the terminal"


@pytest.mark.parametrize("term", ["", "dumb", "DUMB", "unknown", "Unknown"])
def test_dumb_terminals_are_named(term: str) -> None:
    """A terminal that cannot move its cursor gets words instead of a console."""
    assert repr(term) in terminal.unusable_reason({"TERM": term})
