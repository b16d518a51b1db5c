"""Funding-rate files: Binance's public data, freqtrade's feather, and tidy CSV or Parquet."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import feather

from algotrade.data.importers.columns import TIME_COLUMNS, numbers, times
from algotrade.data.importers.folder import exchange_folder, files_below
from algotrade.data.importers.names import bare_name, series_name
from algotrade.data.importers.not_candles import column_names
from algotrade.data.importers.text import head_lines, header_of, is_delimited_text, read_table
from algotrade.domain.candles import from_milliseconds
from algotrade.domain.symbol import counterpart, is_perpetual, unified_symbol
from algotrade.errors import BadCandles, NoCandles, UnknownFormat

_TIMES = ("fundingtime", "funding_time", "calc_time", *TIME_COLUMNS)
_RATES = ("funding_rate", "fundingrate", "last_funding_rate", "rate")
_NAMED = re.compile(r"[-_]funding_?rates?(?=[-_]|$).*", re.IGNORECASE)
_ACCEPTED = (
    "Known are a time (ts, calc_time, fundingTime) and a rate (funding_rate, last_funding_rate, fundingRate) in CSV, "
    "Parquet or feather, named like BTCUSDT.parquet, BTCUSDT-fundingRate-2024-01.zip or "
    "BTC_USDT_USDT-8h-funding_rate.feather."
)


@dataclass(frozen=True)
class FundingFiles:
    """What some files held.

    Attributes
    ----------
    frame : DataFrame
        Columns exchange, symbol (of the perpetual), time and rate (a fraction of the notional), each rate once.
    notes : tuple of str
        Files that were left out.
    """

    frame: pd.DataFrame
    notes: tuple[str, ...] = ()


def read_funding_rates(path: Path, exchange: str | None = None) -> FundingFiles:
    """Read the funding rates in a file, or in a folder and its sub-folders.

    Parameters
    ----------
    path : Path
    exchange : str, optional
        To file the rates under; by default the folder that holds a file, as with candles.

    Raises
    ------
    NoCandles
        If the folder holds no funding rates.
    UnknownFormat
        If the path is a file of something else.
    BadCandles
        If a cell holds no time or rate, or a rate of 1 and more, which is no fraction of the notional.
    """
    folder = path if path.is_dir() else path.parent
    frames, notes = [], []
    for file in [path] if path.is_file() else files_below(path):
        rate = _rate_column(file, column_names(file))
        if rate is not None:
            frames.append(_rows(file, _table(file), rate, (exchange or exchange_folder(folder, file)).lower()))
        elif file == path:
            raise UnknownFormat(f"{file.name} holds no funding rates. {_ACCEPTED}")
        else:
            notes.append(f"{file.name} holds no funding rates; it was left out.")
    if not frames:
        raise NoCandles(f"There are no funding rates in {path}. {_ACCEPTED}")
    # Files of a month and of its days hold the same rates.
    return FundingFiles(pd.concat(frames, ignore_index=True).drop_duplicates(ignore_index=True), tuple(notes))


def _table(path: Path) -> pa.Table:
    """The columns of a file that has some, in lower case."""
    if is_delimited_text(path):
        return read_table(path, 1, header_of(head_lines(path)[0]))
    return _lower(pq.read_table(path) if path.suffix.lower() == ".parquet" else feather.read_table(path))


def _lower(table: pa.Table) -> pa.Table:
    return table.rename_columns([name.lower() for name in table.column_names])


def _rate_column(path: Path, names: Sequence[str]) -> str | None:
    """Which column holds the rate, if there is one and a time with it."""
    if not set(_TIMES) & set(names):
        return None
    # freqtrade keeps rates in the columns of candles: the open is the rate.
    accepted = (*_RATES, "open") if _NAMED.search(bare_name(path)) else _RATES
    return next((name for name in accepted if name in names), None)


def _rows(path: Path, table: pa.Table, rate: str, exchange: str) -> pd.DataFrame:
    time = next(name for name in _TIMES if name in table.column_names)
    rates = numbers(table.column(rate), rate, path)
    large = np.abs(rates) >= 1.0
    if large.any():
        raise BadCandles(
            f"{path.name}: row {int(large.argmax()) + 1} has a funding rate of {rates[large][0]:g}; accepted are "
            "fractions of the notional, 0.0001 for one basis point."
        )
    own = series_name(Path(_NAMED.sub("", bare_name(path)))).symbol
    symbols = table.column("symbol").to_pylist() if "symbol" in table.column_names else [own] * len(rates)
    names = {symbol: _perpetual(str(symbol)) for symbol in set(symbols)}
    columns = {"exchange": exchange, "symbol": [names[symbol] for symbol in symbols]}
    return pd.DataFrame({**columns, "time": from_milliseconds(times(table.column(time), path)), "rate": rates})


def _perpetual(symbol: str) -> str:
    unified = unified_symbol(symbol)
    return unified if is_perpetual(unified) else counterpart(unified)
