"""The application's colours: the theme it begins with, that of the settings, the next at a key."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import App

from engine.core.records import Level
from tui.keys.labels import key
from tui.look.themes import BY_NAME, PALETTES, palette_after, theme_of
from tui.work.messages import Notice


class ThemedApp(App[int]):
    """An application that shows the themes of `tui.look.themes`."""

    few_colours = False
    """Whether the terminal shows its own sixteen colours alone."""

    def start_theme(
        self, setting: str, theme_for: Callable[[str], str], *, few_colours: bool
    ) -> None:
        """Register the themes and begin with that of the settings, before anything is drawn."""
        self.animation_level = "none"
        self.few_colours = few_colours
        self.theme_setting = setting
        """The theme in the settings now; a reader's thread replaces it."""
        self._applied_setting = setting
        self._theme_for = theme_for
        for palette in PALETTES:
            self.register_theme(theme_of(palette))
        self.set_reactive(App.ansi_color, None)
        self.set_reactive(App.theme, theme_for(setting))
        self.stylesheet.set_variables(self.get_css_variables())

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return dict.fromkeys(("dim", "ansi-background", "ansi-foreground"), "ansi_default")

    @property
    def setting_theme(self) -> str:
        """The theme that the settings mean on this terminal and line."""
        return self._theme_for(self._applied_setting)

    def follow_settings(self) -> None:
        """Apply the theme of the settings once they changed."""
        if self.theme_setting != self._applied_setting:
            self._applied_setting = self.theme_setting
            self.theme = self._theme_for(self._applied_setting)

    def next_theme(self) -> Notice:
        """Apply the next theme that this terminal can show; what to say of it."""
        return self.apply_theme(palette_after(self.theme, few_colours=self.few_colours).name)

    def apply_theme(self, name: str) -> Notice:
        """Apply a theme until the console is left; what to say of it, or why it is not shown."""
        palette = BY_NAME[name]
        if self.no_color:
            return Notice(
                "NO_COLOR is set: there are no colours to choose", "open the console without it"
            )
        if self.few_colours and not palette.ansi:
            own = ", ".join(palette.name for palette in PALETTES if palette.ansi)
            return Notice(
                f"{name} needs 256 colours; this terminal has its own sixteen",
                f"it shows {own}",
                level=Level.WARN,
            )
        self.theme = name
        return Notice(
            f"colours: {name}, {palette.meaning}; {key('theme')} shows the next",
            f"to keep them: stockml config set console.theme {name}",
        )
