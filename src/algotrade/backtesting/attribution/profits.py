"""What each symbol earned in each candle: the account taken apart, so that the parts add up to it."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from algotrade.backtesting.result import BacktestResult
from algotrade.domain.candles import BoolArray, FloatArray
from algotrade.domain.timeframe import IntArray
from algotrade.errors import BacktestError

_ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class CellProfits:
    """Profit and costs by candle and symbol, quote currency, shape ``(n, symbols)`` each.

    Attributes
    ----------
    pnl : ndarray
        After all costs; sums to the final equity less the initial cash.
    fees, slippage, funding : ndarray
        What was taken of it; funding with interest on what was borrowed, negative where it was received.
    side : ndarray
        1.0 where the position was long, -1.0 where it was short, 0.0 where there was none. A candle in which it
        turned counts for the side that it turned to, one in which it was closed for the side that it had.
    """

    pnl: FloatArray
    fees: FloatArray
    slippage: FloatArray
    funding: FloatArray
    side: FloatArray


def cell_profits(result: BacktestResult) -> CellProfits:
    """Profit of every cell: the change in value of what is held, less what was paid for it, less costs.

    The candle of a ruin ends all positions without a fill; what they lost in it is told from equity and shared out
    by how much was held.

    Raises
    ------
    BacktestError
        If the parts do not add up to equity.
    """
    rows, columns = fill_cells(result)
    shape = result.positions.shape
    positions = result.positions.to_numpy()
    value = positions * np.nan_to_num(result.marks.to_numpy())
    fills = result.fills
    signed = np.where(fills["side"] == "buy", 1.0, -1.0) * fills["size"].to_numpy() * fills["price"].to_numpy()
    fees, slippage, paid = (_summed(part, rows, columns, shape) for part in (fills["fee"], fills["slippage"], signed))
    funding = result.funding.to_numpy() + result.borrow.to_numpy()
    before = np.vstack([np.zeros(shape[1]), value[:-1]])
    pnl = value - before - paid - fees - funding
    _settle_ruin(result, pnl, before)
    _check(result, pnl)
    held = np.vstack([np.zeros(shape[1]), positions[:-1]])
    return CellProfits(pnl, fees, slippage, funding, np.sign(np.where(positions != 0.0, positions, held)))


def fill_cells(result: BacktestResult) -> tuple[IntArray, IntArray]:
    """Row and column of each fill: the candle that it happened in, and its symbol."""
    rows = result.equity.index.searchsorted(pd.DatetimeIndex(result.fills["time"]), side="right")
    columns = result.positions.columns.get_indexer(pd.Index(result.fills["symbol"]))
    return np.asarray(rows, dtype=np.int64), np.asarray(columns, dtype=np.int64)


def ruined_rows(result: BacktestResult) -> BoolArray:
    """The row of the ruin and those after it, shape ``(n,)``."""
    if result.ruined_at is None:
        return np.zeros(len(result.equity), dtype=np.bool_)
    return np.asarray(result.equity.index >= result.ruined_at)


def _summed(values: object, rows: IntArray, columns: IntArray, shape: tuple[int, int]) -> FloatArray:
    cells = np.bincount(
        rows * shape[1] + columns, weights=np.asarray(values, np.float64), minlength=shape[0] * shape[1]
    )
    return np.asarray(cells.reshape(shape), dtype=np.float64)


def _settle_ruin(result: BacktestResult, pnl: FloatArray, before: FloatArray) -> None:
    ruined = np.flatnonzero(ruined_rows(result))
    if not len(ruined):
        return
    row = int(ruined[0])
    equity = np.concatenate([[result.initial_cash], result.equity.to_numpy()])
    pnl[ruined] = 0.0
    held = np.abs(before[row])
    share = held / held.sum() if held.sum() > 0.0 else np.full(len(held), 1.0 / len(held))
    pnl[row] = share * (equity[row + 1] - equity[row])


def _check(result: BacktestResult, pnl: FloatArray) -> None:
    equity = np.concatenate([[result.initial_cash], result.equity.to_numpy()])
    unexplained = np.abs(np.diff(equity) - pnl.sum(axis=1))
    scale = np.maximum.accumulate(np.abs(equity))[1:]
    worst = int((unexplained / scale).argmax())
    if not unexplained[worst] <= _ROUNDING * scale[worst]:
        raise BacktestError(
            f"The profits of the symbols do not add up to the account: {unexplained[worst]:.6g} is unexplained at "
            f"{result.equity.index[worst]:%Y-%m-%d %H:%M}. Every flow of cash must be a fill, funding or interest."
        )
