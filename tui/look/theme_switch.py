"""The application's colours: the theme it begins with, the one of the settings, the next one at
a key."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import App

from engine.core.records import Level
from tui.keys.labels import key
from tui.look.themes import BY_NAME, PALETTES, after, theme_of
from tui.work.messages import Notice


class ThemedApp(App[int]):
    """What an App needs to wear the themes of `tui.look.themes`."""

    few_colours = False
    """Whether the terminal shows its own sixteen colours alone."""

    def start_theme(self, setting: str, theme_for: Callable[[str], str]) -> None:
        """Register our themes and begin with the one of the settings, without drawing in another
        one first."""
        self._theme_set = self.theme_wanted = setting
        self._theme_for = theme_for
        for palette in PALETTES:
            self.register_theme(theme_of(palette))
        self.set_reactive(App.ansi_color, None)
        self.set_reactive(App.theme, theme_for(setting))
        self.stylesheet.set_variables(self.get_css_variables())

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return dict.fromkeys(("dim", "ansi-background", "ansi-foreground"), "ansi_default")

    def follow_settings(self) -> None:
        """Wear what the settings say since `theme_wanted` was set."""
        if self.theme_wanted != self._theme_set:
            self._theme_set = self.theme_wanted
            self.theme = self._theme_for(self._theme_set)

    def next_theme(self) -> Notice:
        """Wear the next theme that this terminal can show; what to tell of it."""
        return self.apply_theme(after(self.theme, few_colours=self.few_colours).name)

    def apply_theme(self, name: str) -> Notice:
        """Wear a theme until the console is left;
        what to tell of it, or why this terminal does not show it."""
        found = BY_NAME[name]
        if self.no_color:
            return Notice(
                "NO_COLOR is set: there are no colours to choose", "open the console without it"
            )
        if self.few_colours and not found.ansi:
            own = ", ".join(each.name for each in PALETTES if each.ansi)
            return Notice(
                f"{name} needs 256 colours; this terminal has its own sixteen",
                f"it shows {own}",
                level=Level.WARN,
            )
        self.theme = found.name
        keep = f"stockml config set console.theme {found.name}"
        return Notice(
            f"colours: {found.name}, {found.meaning}; {key('theme')} shows the next",
            f"to keep them: {keep}",
        )
