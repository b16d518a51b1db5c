"""Which of the files in a folder a run is about."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from algotrade.data.importers.base import Importer
from algotrade.data.source import exchange_names
from algotrade.domain.symbol import unified_symbol
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import BadCandles, ConfigurationError, NoCandles


@dataclass(frozen=True)
class FoundFile:
    """A candle file and the series that it belongs to.

    Attributes
    ----------
    path : Path
    importer : Importer
    symbol, exchange : str
    named : Timeframe or None
        What its name says.
    actual : Timeframe or None
        What its candles say, where the name says nothing or something else.
    """

    path: Path
    importer: Importer
    symbol: str
    exchange: str
    named: Timeframe | None
    actual: Timeframe | None

    @property
    def timeframe(self) -> Timeframe:
        """The length of its candles."""
        timeframe = self.actual or self.named
        assert timeframe is not None, "a file of which nothing tells the timeframe is refused when it is found"
        return timeframe

    @property
    def is_misnamed(self) -> bool:
        """Whether its name and its candles disagree."""
        return self.named is not None and self.actual is not None


@dataclass(frozen=True)
class Choice:
    """The files to read, the timeframe they share, and notes on those left out."""

    files: tuple[FoundFile, ...]
    timeframe: Timeframe
    notes: tuple[str, ...]


def choose(
    found: Sequence[FoundFile], timeframe: Timeframe | None, symbols: Sequence[str] | None, exchange: str | None
) -> Choice:
    """Pick the files of one timeframe, and of one exchange a symbol unless several exchanges are named.

    Raises
    ------
    ConfigurationError
        If the timeframe is open and there are several, or a symbol is there from several exchanges of which
        none is named.
    NoCandles
        If a requested symbol or timeframe, or one of several requested exchanges, is not there.
    BadCandles
        If a file that the choice is about is misnamed.
    """
    named = exchange_names(exchange)
    files = _of_symbols(_of_exchanges(found, named) if len(named) > 1 else _of_exchange(found, *named), symbols)
    length = timeframe or _only_timeframe(files)
    for file in files:
        if file.is_misnamed and length.milliseconds in _lengths(file):
            raise BadCandles(
                f"{file.path.name} is named {file.named}, but its candles are {file.actual} apart. "
                f"Rename it to say {file.actual}, or take it out of the folder."
            )
    chosen = [file for file in files if file.timeframe.milliseconds == length.milliseconds]
    _refuse_missing(files, chosen, length, symbols)
    if len(named) > 1:
        _refuse_absent_exchanges(chosen, named, f"{length} ")
    else:
        _refuse_several_exchanges(chosen)
    return Choice(tuple(chosen), length, _left_out(files, length))


def _lengths(file: FoundFile) -> set[int]:
    return {timeframe.milliseconds for timeframe in (file.named, file.actual) if timeframe}


def _of_exchanges(found: Sequence[FoundFile], wanted: Sequence[str]) -> list[FoundFile]:
    """The files of the exchanges, every one of which has some."""
    _refuse_absent_exchanges(found, wanted)
    return [file for file in found if file.exchange in wanted]


def _of_exchange(found: Sequence[FoundFile], wanted: str | None = None) -> list[FoundFile]:
    """The files of the exchange; where no file names it, all of them filed under it."""
    if wanted is None:
        return list(found)
    own = [file for file in found if file.exchange == wanted]
    if own:
        return own
    _refuse_several_exchanges(found)
    return [replace(file, exchange=wanted) for file in found]


def _refuse_absent_exchanges(files: Sequence[FoundFile], wanted: Sequence[str], which: str = "") -> None:
    there = {file.exchange for file in files}
    absent = set(wanted) - there
    if absent:
        raise NoCandles(
            f"There are no {which}candles of {_listed(absent)}. Found are those of {_listed(there)}; a file belongs to "
            "the exchange that its format or its name says, else to the folder that holds it. Ask for these, or add "
            "the files."
        )


def _of_symbols(found: list[FoundFile], symbols: Sequence[str] | None) -> list[FoundFile]:
    if symbols is None:
        return found
    wanted = {unified_symbol(symbol) for symbol in symbols}
    absent = wanted - {file.symbol for file in found}
    if absent:
        raise NoCandles(
            f"There are no candles of {_listed(absent)}. Found are {_listed(file.symbol for file in found)}. "
            "Ask for one of these, or add the files."
        )
    return [file for file in found if file.symbol in wanted]


def _only_timeframe(files: Sequence[FoundFile]) -> Timeframe:
    lengths = {file.timeframe.milliseconds: file.timeframe for file in files}
    if len(lengths) > 1:
        raise ConfigurationError(
            f"The folder holds candles of several timeframes: {_inventory(files)}. Say which one to read, "
            f"as in timeframe={min(lengths.items())[1]}."
        )
    return next(iter(lengths.values()))


def _refuse_missing(
    files: Sequence[FoundFile], chosen: Sequence[FoundFile], timeframe: Timeframe, symbols: Sequence[str] | None
) -> None:
    if not chosen:
        raise NoCandles(f"There are no {timeframe} candles. Found are {_inventory(files)}. Ask for one of these.")
    absent = {unified_symbol(symbol) for symbol in symbols or ()} - {file.symbol for file in chosen}
    if absent:
        raise NoCandles(
            f"There are no {timeframe} candles of {_listed(absent)}. Found are {_inventory(files)}. "
            "Ask for one of these, or add the files."
        )


def _refuse_several_exchanges(files: Sequence[FoundFile]) -> None:
    exchanges: dict[tuple[str, int], set[str]] = defaultdict(set)
    for file in files:
        exchanges[file.symbol, file.timeframe.milliseconds].add(file.exchange)
    several = [(symbol, names) for (symbol, _), names in exchanges.items() if len(names) > 1]
    if several:
        symbol, names = several[0]
        raise ConfigurationError(
            f"{symbol} is there from several exchanges: {_listed(names)}. Say which one to read, "
            f"as in exchange={min(names)}, or name several, as in exchange={'+'.join(sorted(names)[:2])}."
        )


def _left_out(files: Iterable[FoundFile], timeframe: Timeframe) -> tuple[str, ...]:
    others = [file for file in files if file.timeframe.milliseconds != timeframe.milliseconds]
    misnamed = [
        f"{file.path.name} is named {file.named}, but its candles are {file.actual} apart; it was left out."
        for file in others
        if file.is_misnamed
    ]
    rest = [file for file in others if not file.is_misnamed]
    summary = [f"Files of other timeframes were left out ({len(rest)}): {_inventory(rest)}."] if rest else []
    return (*misnamed, *summary)


def _inventory(files: Iterable[FoundFile]) -> str:
    """What there is, by timeframe: ``1h (BTC/USDT, ETH/USDT), 4h (BTC/USDT)``."""
    symbols: dict[Timeframe, set[str]] = defaultdict(set)
    for file in files:
        symbols[file.timeframe].add(file.symbol)
    by_length = sorted(symbols.items(), key=lambda item: item[0].milliseconds)
    return ", ".join(f"{timeframe} ({_listed(names)})" for timeframe, names in by_length)


def _listed(names: Iterable[str], most: int = 8) -> str:
    unique = sorted(set(names))
    more = f" and {len(unique) - most} more" if len(unique) > most else ""
    return ", ".join(unique[:most]) + more
