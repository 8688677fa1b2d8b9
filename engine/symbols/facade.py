"""The facade of the symbols: listed, added, imported, changed, removed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.core.audit import audited
from engine.core.errors import NoDataError, UsageError
from engine.core.sources import parse_source
from engine.core.symbols import check_symbols
from engine.core.text import clean
from engine.settings.facade import Facade
from engine.symbols.records import (
    CheckedSymbols,
    ConfiguredSymbol,
    ListImport,
    NewSymbol,
    RemovedSymbols,
)
from engine.words.phrases import listed

if TYPE_CHECKING:
    from engine.settings.texts import SettingsTexts

Progress = Callable[[int, int], None]
"""How many of how many symbols were asked for."""


def _added(added: Sequence[ConfiguredSymbol]) -> Mapping[str, Any]:
    return {
        "symbols": [each.symbol for each in added],
        "files": sorted({Path(each.file).name for each in added}),
    }


def _removed(removed: RemovedSymbols) -> Mapping[str, Any]:
    return {"backup": removed.backup, "drop_on": removed.drop_on, "holds": removed.holds}


class SymbolsFacade(Facade):
    """The symbols of stockml.toml and symbols.csv; each change is written whole or not at all."""

    def list(self) -> tuple[ConfiguredSymbol, ...]:
        """Every configured symbol and where it stands."""
        from engine.settings.texts import read_texts

        places = read_texts(self.home).places()
        return tuple(
            ConfiguredSymbol(
                symbol=name,
                company=symbol.company,
                sector=symbol.sector,
                kind=symbol.kind,
                priority=str(symbol.priority),
                min_date=symbol.min_date,
                file=places.get(name, ("", 0))[0],
                line=places.get(name, ("", 0))[1] or None,
            )
            for name, symbol in self.context.settings.symbols.items()
        )

    def requests(self, symbols: Sequence[NewSymbol]) -> tuple[int, float]:
        """How many requests a check of new symbols makes, and about how many seconds it takes."""
        if not self._source.needs_network:
            return 0, 0.0
        count = len(symbols) + sum(not _is_described(symbol) for symbol in symbols)
        return count, count * self.context.settings.market.request_spacing_s

    def plan_import(self, file: Path) -> ListImport:
        """What a list brings; UsageError where it cannot be read as one. Nothing is asked yet."""
        from engine.market.yahoo_answer import yahoo_name
        from engine.symbols.import_file import read_list

        symbols = read_list(file)
        renamed = {}
        if self._source.kind == "yahoo":
            names = {each.symbol: yahoo_name(each.symbol) for each in symbols}
            renamed = {name: other for name, other in names.items() if name != other}
            symbols = tuple(replace(each, symbol=names[each.symbol]) for each in symbols)
        known = self.context.settings.symbols
        return ListImport(
            file=file,
            new=tuple(each for each in symbols if each.symbol not in known),
            configured=tuple(each.symbol for each in symbols if each.symbol in known),
            renamed=renamed,
        )

    @audited(
        "symbols add",
        lambda symbols, unchecked=False: {
            "symbols": [each.symbol for each in symbols],
            "unchecked": unchecked or None,
        },
        _added,
    )
    def add(
        self, symbols: Sequence[NewSymbol], unchecked: bool = False
    ) -> tuple[ConfiguredSymbol, ...]:
        """Add symbols that the source has; NoDataError, and nothing written, for any other.

        UsageError for what is no symbol or is configured already.
        """
        _refuse_wrong(symbols)
        self._refuse_configured(symbols)
        return self._write(self._known(symbols, unchecked).known, csv=False)

    @audited(
        "symbols import",
        lambda plan, **choices: {
            "file": str(plan.file),
            "symbols": [each.symbol for each in plan.new],
            "unchecked": choices.get("unchecked") or None,
        },
        lambda result: _added(result[0]),
    )
    def import_list(
        self,
        plan: ListImport,
        *,
        unchecked: bool = False,
        skip_unknown: bool = False,
        progress: Progress | None = None,
    ) -> tuple[tuple[ConfiguredSymbol, ...], CheckedSymbols]:
        """Write a list's new symbols to symbols.csv.

        NoDataError, and nothing written, where the source lacks one, unless `skip_unknown`.
        """
        checked = self._known(plan.new, unchecked, skip_unknown, progress)
        return self._write(checked.known, csv=True), checked

    @audited("symbols set", lambda symbol, fields: {"symbol": symbol, **fields})
    def set(self, symbol: str, fields: Mapping[str, Any]) -> ConfiguredSymbol:
        """Change a symbol where it stands; a None takes the key out. ConfigError when wrong."""
        from engine.settings.write import rewrite

        check_symbols((symbol,), self.context.settings.names)

        def changed(texts: SettingsTexts) -> SettingsTexts:
            texts = texts.with_packaged()
            for name, value in fields.items():
                texts = texts.with_value(("symbols", symbol, name), value)
            return texts

        rewrite(self.home, changed)
        return self._published((symbol,))[0]

    def plan_removal(self, symbols: Sequence[str], keep: bool = False) -> RemovedSymbols:
        """What a removal will do; BusyError while a run trains one of them."""
        from engine.symbols.removal import removal_plan

        names = check_symbols(symbols, self.context.settings.names)
        return removal_plan(self.home, self.context.settings, names, self.clock, keep)

    @audited(
        "symbols remove",
        lambda symbols, keep=False: {"symbols": symbols, "keep": keep or None},
        _removed,
        announced=True,
    )
    def remove(self, symbols: Sequence[str], keep: bool = False) -> RemovedSymbols:
        """Take symbols out, their models moved into a backup, their holds taken back.

        Runs and forecasts of the past stay. BusyError while a run trains one of them; with `keep`
        the backup stays for good.
        """
        from engine.symbols.removal import remove

        names = check_symbols(symbols, self.context.settings.names)
        removed = remove(self.home, self.context.settings, names, self.clock, keep)
        self._published(())
        return removed

    # -- adding ---------------------------------------------------------------------------------

    @property
    def _source(self) -> Any:
        return parse_source(self.source or self.context.configured_source)

    def _refuse_configured(self, symbols: Iterable[NewSymbol]) -> None:
        known = {each.symbol: each for each in self.list()}
        for symbol in symbols:
            if symbol.symbol in known:
                there = known[symbol.symbol]
                place = f"{there.file} line {there.line}" if there.line else "the packaged settings"
                raise UsageError(
                    f"{symbol.symbol} is configured already: {place}",
                    f"stockml symbols set {symbol.symbol} KEY VALUE",
                )

    def _known(
        self,
        symbols: Sequence[NewSymbol],
        unchecked: bool,
        skip_unknown: bool = False,
        progress: Progress | None = None,
    ) -> CheckedSymbols:
        """The symbols with what the source knows of them; NoDataError for those it has not."""
        from engine.symbols.check import check_new

        if unchecked:
            return CheckedSymbols(tuple(symbols))
        settings = self.context.settings
        checked = check_new(
            self.home, settings, self._source, symbols, self.clock, progress or _silent
        )
        if checked.unknown and not skip_unknown:
            first = checked.unknown[0]
            if len(checked.unknown) == 1:
                raise NoDataError(
                    f"nothing was written: {first.error.message}",
                    f"{first.error.hint or 'is the name right?'}; --unchecked adds it anyway",
                )
            names = listed([each.symbol for each in checked.unknown], 20)
            raise NoDataError(
                f"nothing was written: {self._source.name} does not have {names}"
                f" ({first.symbol}: {clean(first.error.message, 200)})",
                "check the names, or write them anyway with --unchecked",
            )
        return checked

    def _write(self, symbols: Sequence[NewSymbol], *, csv: bool) -> tuple[ConfiguredSymbol, ...]:
        from engine.settings.symbol_file import symbol_table
        from engine.settings.write import rewrite

        if not symbols:
            return ()
        tables = {each.symbol: symbol_table(each.symbol, **each.fields) for each in symbols}
        rewrite(self.home, lambda texts: texts.with_symbols(tables, csv=csv))
        return self._published(tuple(tables))

    def _published(self, names: Iterable[str]) -> tuple[ConfiguredSymbol, ...]:
        """The symbols as they are now, ml_config.json written."""
        from engine.settings.ml_config import write_ml_config

        with suppress(OSError):  # the settings are written; the next command writes it
            write_ml_config(self.home, self.context.settings)
        now = {each.symbol: each for each in self.list()}
        return tuple(now[name] for name in names)


def _silent(_done: int, _all: int) -> None:
    """No progress is shown."""


def _refuse_wrong(symbols: Iterable[NewSymbol]) -> None:
    from engine.core.symbols import SYMBOL
    from engine.settings.check import NOT_A_SYMBOL

    for symbol in symbols:
        if not SYMBOL.fullmatch(symbol.symbol):
            upper = symbol.symbol.upper()
            hint = f"did you mean {upper}?" if SYMBOL.fullmatch(upper) else "nothing was written"
            raise UsageError(f"{clean(symbol.symbol, 40)!r} is {NOT_A_SYMBOL}", hint)


def _is_described(symbol: NewSymbol) -> bool:
    """Whether a list says already what the source would be asked for."""
    return bool(symbol.fields.get("company") and symbol.fields.get("sector"))
