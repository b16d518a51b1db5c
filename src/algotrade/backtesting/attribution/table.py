"""Where the money was made: by symbol, side, month, regime of the market and strength of the forecast."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from algotrade.backtesting.attribution.market import UNKNOWN, known_regimes
from algotrade.backtesting.attribution.profits import CellProfits, cell_profits
from algotrade.backtesting.result import BacktestResult
from algotrade.domain.candles import BoolArray, FloatArray
from algotrade.domain.timeframe import IntArray
from algotrade.errors import BacktestError
from algotrade.strategies import MarketView

ATTRIBUTION_COLUMNS = ("by", "group", "pnl", "fees", "slippage", "funding", "trades", "hit_rate")
SIDES = ("short", "none", "long")
SIGNALS = ("no forecast", "against", "weak", "medium", "strong")


class Grouping(NamedTuple):
    """One way to part the account: the group of every cell, shape ``(n, symbols)``, and what the groups are called."""

    by: str
    groups: tuple[str, ...]
    codes: IntArray


def attribute(result: BacktestResult, trades: pd.DataFrame, view: MarketView) -> pd.DataFrame:
    """Profit and costs of a result by group, for each of five ways to part it; each way adds up to the whole.

    Regime and strength of the forecast are those known at the close before the candle. A round trip counts for the
    group in which it was opened.

    Parameters
    ----------
    result : BacktestResult
    trades : DataFrame
        Of :class:`~algotrade.backtesting.audit.Audit`.
    view : MarketView
        What the strategy decided on.

    Returns
    -------
    DataFrame
        ``by`` ("symbol", "side", "month", "regime", "signal"), ``group``, ``pnl`` (after all costs), ``fees``,
        ``slippage``, ``funding`` (quote currency), ``trades`` (closed), ``hit_rate`` (of those; NaN without any).
        Groups without a position or a cost are left out.

    Raises
    ------
    BacktestError
        If the result is not of this view, or does not add up.
    """
    if result.positions.shape != (len(view), len(view.panel.symbols)):
        raise BacktestError(
            f"A result of {result.positions.shape[0]} rows and {result.positions.shape[1]} symbols is not one of a "
            f"view with {len(view)} and {len(view.panel.symbols)}. Attribute it to the view that it was simulated on."
        )
    profits = cell_profits(result)
    closed = trades[trades["status"] == "closed"]
    opened = _opening_cells(result, closed)
    won = closed["pnl"].to_numpy(dtype=np.float64) > closed["funding"].to_numpy(dtype=np.float64)
    tables = [_grouped(grouping, profits, opened, won) for grouping in _groupings(result, view, profits)]
    return pd.concat(tables, ignore_index=True)


def _groupings(result: BacktestResult, view: MarketView, profits: CellProfits) -> list[Grouping]:
    shape = result.positions.shape
    days = pd.DatetimeIndex(result.equity.index) - pd.Timedelta(1, unit="ms")
    months, month_of = np.unique(days.strftime("%Y-%m").to_numpy(dtype=str), return_inverse=True)
    regime = (UNKNOWN, *known_regimes(view.panel))[view.warmup : view.warmup + shape[0]]
    regimes, regime_of = np.unique(regime, return_inverse=True)
    return [
        Grouping("symbol", view.panel.symbols, np.broadcast_to(np.arange(shape[1]), shape)),
        Grouping("side", SIDES, profits.side.astype(np.int64) + 1),
        Grouping("month", tuple(months.tolist()), np.broadcast_to(month_of[:, None], shape)),
        Grouping("regime", tuple(regimes.tolist()), np.broadcast_to(regime_of[:, None], shape)),
        Grouping("signal", SIGNALS, _signal_codes(view, profits.side)),
    ]


def _signal_codes(view: MarketView, side: FloatArray) -> IntArray:
    """How strongly the forecast before each candle spoke for the side that was held, as a place in ``SIGNALS``."""
    if view.expected_return is not None:
        known = view.expected_return
    elif view.probability is not None:
        known = view.probability - 0.5
    else:
        return np.zeros(side.shape, dtype=np.int64)
    edge = np.vstack([np.full((1, known.shape[1]), np.nan), known])[view.warmup : view.warmup + len(side)]
    support = edge * np.where(side == 0.0, 1.0, side)
    strength = np.abs(edge[np.isfinite(edge)])
    thirds = np.quantile(strength, [1 / 3, 2 / 3]) if len(strength) else np.zeros(2)
    codes = np.where(support > 0.0, 2 + np.searchsorted(thirds, np.nan_to_num(support)), 1)
    return np.asarray(np.where(np.isfinite(support), codes, 0), dtype=np.int64)


def _opening_cells(result: BacktestResult, trades: pd.DataFrame) -> tuple[IntArray, IntArray]:
    rows = result.equity.index.searchsorted(pd.DatetimeIndex(trades["entry_time"]), side="right")
    columns = result.positions.columns.get_indexer(pd.Index(trades["symbol"]))
    return np.asarray(rows, dtype=np.int64), np.asarray(columns, dtype=np.int64)


def _grouped(
    grouping: Grouping, profits: CellProfits, opened: tuple[IntArray, IntArray], won: BoolArray
) -> pd.DataFrame:
    codes, count = grouping.codes.ravel(), len(grouping.groups)
    sums = {
        name: np.bincount(codes, weights=getattr(profits, name).ravel(), minlength=count)
        for name in ("pnl", "fees", "slippage", "funding")
    }
    trade_codes = grouping.codes[opened]
    trades = np.bincount(trade_codes, minlength=count)
    wins = np.bincount(trade_codes, weights=won.astype(np.float64), minlength=count)
    active = np.bincount(codes, weights=(profits.side != 0.0).ravel().astype(np.float64), minlength=count) > 0.0
    table = pd.DataFrame(
        {
            "by": grouping.by,
            "group": list(grouping.groups),
            **sums,
            "trades": trades,
            "hit_rate": np.divide(wins, trades, out=np.full(count, np.nan), where=trades > 0),
        },
        columns=list(ATTRIBUTION_COLUMNS),
    )
    kept: pd.DataFrame = table.loc[active | (sums["pnl"] != 0.0)]
    return kept
