"""A folder of candle files, read into one long frame."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from algotrade.data.importers.base import IMPORTERS, CandleFile, Importer
from algotrade.data.importers.not_candles import kind_of_other_record
from algotrade.data.importers.selection import FoundFile, choose
from algotrade.data.importers.spacing import contradiction, spacing
from algotrade.domain.candles import SERIES_COLUMNS, VALUE_COLUMNS, to_milliseconds
from algotrade.domain.timeframe import IntArray, Timeframe
from algotrade.errors import BadCandles, ConfigurationError, NoCandles, UnknownFormat

_IGNORED_PREFIXES = ("readme", "license", "changelog")
_IGNORED_SUFFIXES = (".md", ".checksum")
_LEVELS = ("spot", "futures", "klines", "daily", "monthly")


@dataclass(frozen=True)
class ImportedCandles:
    """What a folder held, as it stands: nothing sorted, merged or repaired.

    Attributes
    ----------
    frame : DataFrame
        Columns exchange, symbol, timeframe, open_time, the value columns, and ``origin``, the file's name.
    notes : tuple of str
        What the user should know: files left out and why, columns that disagreed.
    files : int
        How many files were read.
    """

    frame: pd.DataFrame
    notes: tuple[str, ...]
    files: int


def read_folder(
    path: Path,
    timeframe: Timeframe | None = None,
    symbols: Sequence[str] | None = None,
    exchange: str | None = None,
) -> ImportedCandles:
    """Read the candle files in a folder and its sub-folders, each in whatever known format it is.

    Parameters
    ----------
    path : Path
    timeframe : Timeframe, optional
        Which candles to read; may be left out if the folder holds one timeframe.
    symbols : sequence of str, optional
        Which instruments to read, in any notation; all by default.
    exchange : str, optional
        Which exchange to read where the folder holds several, or several of them (``binance+kraken``); else the
        name to file the candles under. By default it is what the format says ("binance"), else the folder that
        holds the file.

    Raises
    ------
    ConfigurationError
        If the path is no folder, or the choice of timeframe or exchange is left open.
    NoCandles
        If the folder is empty or lacks what was asked for; the error lists what is there.
    UnknownFormat
        If a file is in no known format.
    BadCandles
        If a file is damaged, or its name and its candles disagree about the timeframe.
    """
    found, notes = _recognised(path)
    choice = choose(found, timeframe, symbols, exchange)
    names = Counter(file.path.name for file in choice.files)
    frames = []
    for file in choice.files:
        content = file.importer.read(file.path)
        # Two files of one name in two sub-folders need their folders to be told apart.
        origin = file.path.name if names[file.path.name] == 1 else file.path.relative_to(path).as_posix()
        keys = {"exchange": file.exchange, "symbol": file.symbol, "timeframe": choice.timeframe.name, "origin": origin}
        frames.append(content.frame.assign(**keys))
        notes.extend(content.notes)
    frame = pd.concat(frames, ignore_index=True)
    columns = [*SERIES_COLUMNS, "open_time", *VALUE_COLUMNS, "origin"]
    return ImportedCandles(frame[columns], (*notes, *choice.notes), len(choice.files))


def _recognised(folder: Path) -> tuple[list[FoundFile], list[str]]:
    """Every candle file below the folder, and notes on the files that hold something else."""
    found, notes = [], []
    for path in files_below(folder):
        other = kind_of_other_record(path)
        if other:
            notes.append(f"{path.name} holds {other}, not candles; it was left out.")
            continue
        importer, file = _importer_of(path)
        if len(file.sample_times):
            found.append(_found(folder, path, importer, file))
        else:
            notes.append(f"{path.name} holds no rows; it was left out.")
    if not found:
        held = f" It holds: {' '.join(notes)}" if notes else " It is empty."
        raise NoCandles(f"There are no candle files in {folder}.{held} {_known_formats()}")
    return found, notes


def files_below(folder: Path) -> list[Path]:
    """Every file in the folder and its sub-folders but hidden ones, notes and checksums.

    Raises
    ------
    ConfigurationError
        If there is no such folder.
    """
    if not folder.exists():
        raise ConfigurationError(f"The folder {folder} does not exist. Give the path of a folder of candle files.")
    if not folder.is_dir():
        raise ConfigurationError(f"{folder} is a file. Give the folder that holds it; every candle file in it is read.")
    files = (path for path in folder.rglob("*") if path.is_file())
    return sorted(path for path in files if not _is_ignored(path.relative_to(folder)))


def _is_ignored(path: Path) -> bool:
    hidden = any(part.startswith((".", "__")) for part in path.parts)
    name = path.name.lower()
    return hidden or name.startswith(_IGNORED_PREFIXES) or name.endswith(_IGNORED_SUFFIXES)


def _importer_of(path: Path) -> tuple[Importer, CandleFile]:
    for importer in IMPORTERS.values():
        file = importer.recognise(path)
        if file is not None:
            return importer, file
    raise UnknownFormat(
        f"{path.name} is in no known format. {_known_formats()} Convert it or take it out of {path.parent}."
    )


def _known_formats() -> str:
    return f"Known formats are: {'; '.join(importer.title for importer in IMPORTERS.values())}."


def _found(folder: Path, path: Path, importer: Importer, file: CandleFile) -> FoundFile:
    actual = _actual_timeframe(path, importer, file)
    if file.timeframe is None and actual is None:
        raise BadCandles(
            f"{path.name}: neither its name nor the spacing of its candles tells its timeframe (1m is the shortest). "
            "Name it like BTCUSDT-1h."
        )
    exchange = file.exchange or exchange_folder(folder, path)
    return FoundFile(path, importer, file.symbol, exchange, file.timeframe, actual)


def _actual_timeframe(path: Path, importer: Importer, file: CandleFile) -> Timeframe | None:
    """The timeframe of the candles where the name does not say it, or says another; None if it need not be told."""

    def judged(times_ms: IntArray) -> Timeframe | None:
        return spacing(times_ms) if file.timeframe is None else contradiction(file.timeframe, times_ms)

    suspect = judged(file.sample_times)
    steps = np.diff(file.sample_times)
    if suspect is None or (steps > 0).all() or (steps < 0).all():
        return suspect
    # A stretch of an unsorted file has holes where the rest of the file has candles: ask all of it.
    return judged(to_milliseconds(importer.read(path).frame["open_time"]))


def exchange_folder(folder: Path, path: Path) -> str:
    """Name of the nearest folder that can be an exchange's: ``binance`` of ``binance/futures/BTC_USDT-1h.feather``."""
    levels = [parent for parent in path.resolve().parents if folder.resolve() in (parent, *parent.parents)]
    named = next((parent for parent in levels if parent.name.lower() not in _LEVELS), path.resolve().parent)
    return named.name.lower()
