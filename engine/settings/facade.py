"""What every facade works on, and the facade of the settings.

Context      one home, its clock, its source, its settings as they are now
Facade       what the facades of all packages have in common; each verb that changes something is
             decorated with what the audit records of it
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from engine.core.clock import Clock
from engine.core.errors import ConfigError, StockmlError
from engine.core.paths import Home
from engine.core.sources import parse_source
from engine.core.symbols import check_symbols
from engine.core.text import clean
from engine.settings import load as config
from engine.settings.schema import Settings

if TYPE_CHECKING:
    from engine.settings.keys import KeyPath
    from engine.settings.mend import LineEdit
    from engine.settings.records import Check, SettingChange
    from engine.settings.sheet import Sheet
    from engine.settings.texts import SettingsTexts


class Context:
    """One home with its clock, its source (None: as configured) and its settings."""

    def __init__(self, home: Home, clock: Clock, source: str | None = None) -> None:
        self.home = home
        self.clock = clock
        self.source = source
        self.reports: str = ""
        """A folder of report dates in place of the configured one."""
        self._settings: Settings | None = None
        self._key: tuple[tuple[int, ...], ...] | None = None

    @property
    def settings(self) -> Settings:
        """The settings, read again when a file changed; ConfigError when they became wrong."""
        key = config.settings_version(self.home)
        if self._settings is None or key is None or key != self._key:
            self._settings = config.with_reports(config.load(self.home), self.reports)
            self._key = key
        return self._settings

    @property
    def usable(self) -> Settings:
        """The settings, or the packaged ones while those of the home are wrong."""
        try:
            return self.settings
        except ConfigError:
            return config.packaged_settings()

    @property
    def configured_source(self) -> str:
        """The full name of the source that the settings name."""
        return parse_source(self.settings.market.source, self.home.root).name


class Facade:
    """One package's verbs on one home; they import what they need when they are called."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.home = context.home
        self.clock = context.clock
        self.source = context.source

    def checked(self, symbols: Iterable[str] | None = None) -> tuple[str, ...]:
        """These symbols, or all for None; UsageError for one that is not configured."""
        names = self.context.settings.names
        return names if symbols is None else check_symbols(symbols, names)


class SettingsFacade(Facade):
    """The settings of the home: as they are, and changes to the file."""

    @property
    def current(self) -> Settings:
        """The settings now; ConfigError when the file became wrong."""
        return self.context.settings

    @property
    def usable(self) -> Settings:
        """The settings now, or the packaged ones while the file is wrong."""
        return self.context.usable

    @property
    def version(self) -> object:
        """Another value once a file changed; None while stockml.toml cannot be looked at."""
        return config.settings_version(self.home)

    @property
    def tree(self) -> dict[str, Any]:
        """The tables of the files as they are written; ConfigError when one cannot be read."""
        return self.texts.tree

    @property
    def texts(self) -> SettingsTexts:
        """Both files as they are written; ConfigError when one cannot be read."""
        from engine.settings.texts import read_texts

        return read_texts(self.home)

    def sheet(self) -> Sheet:
        """The file setting by setting, or every problem of it with its line."""
        from engine.settings.sheet import read_sheet

        return read_sheet(self.home)

    def problems(self, check: Check | None = None) -> tuple[str, ...]:
        """Everything wrong with the file and the environment, and what `check` adds."""
        try:
            settings = config.load(self.home)
        except ConfigError as error:
            return tuple(clean(problem) for problem in error.problems)
        problems = check(settings) if check else ()
        return tuple(f"{self.home.settings}: {problem}" for problem in problems)

    def mend(self, edit: LineEdit) -> None:
        """Write one line of a file that cannot be used; raises what `mend` raises."""
        from engine.settings.mend import mend

        mend(self.home, edit)

    def publish(self, settings: Settings | None = None) -> None:
        """Write ml_config.json, by default from the file alone; OSError when the disk fails."""
        from engine.settings.ml_config import write_ml_config

        write_ml_config(self.home, settings or config.load(self.home, {}))

    def set_text(self, key: str, text: str, check: Check | None = None) -> SettingChange:
        """Set one key from a word; raises what `set_key` raises."""
        from engine.settings.write import set_key

        return set_key(self.home, key, text, check)

    def write(
        self,
        changes: Mapping[KeyPath, object],
        based_on: Mapping[KeyPath, object] | None = None,
        check: Check | None = None,
    ) -> tuple[SettingChange, ...]:
        """Write several settings or none, then ml_config.json; raises what `set_keys` raises."""
        from engine.settings.write import set_keys

        made = set_keys(self.home, changes, based_on, check)
        try:
            self.publish()
        except OSError as error:
            name = self.home.ml_config.name
            raise StockmlError(
                f"the settings are written, but {name} is not: {error.strerror}",
                "free space; the next command writes it",
            ) from error
        return made
