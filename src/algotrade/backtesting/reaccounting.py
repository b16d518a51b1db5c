"""The fills of a result as vectorbt's own portfolio.

vectorbt knows one order a symbol and candle, no borrowed money, no funding and no interest. What it cannot do is
put so that it still computes cash, positions and value by itself:

* A candle in which a symbol was filled twice becomes two rows of the same prices; the first is not looked at.
* A perpetual account buys with money that it does not have. vectorbt is lent a constant sum on top of the initial
  cash, which is taken off its value again.
* Funding and interest are cash flows without an order. Their running sum is taken off vectorbt's value.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from algotrade.backtesting.result import BacktestResult
from algotrade.domain.candles import FloatArray
from algotrade.domain.timeframe import IntArray

_ROOM = 4.0
"""What is lent for each unit of the largest value held: vectorbt sets aside twice the value of a short position."""


@dataclass(frozen=True, eq=False)
class Reaccounted:
    """vectorbt's account of a result.

    Attributes
    ----------
    portfolio : vectorbt.Portfolio
    equity : ndarray of shape (rows,)
        vectorbt's value less what it was lent and less funding and interest, at the close of each row.
    row_of : ndarray of int
        Row of the result of each row of the portfolio.
    fills : DataFrame
        Those that were accounted for: all, or those before the row of ruin.
    """

    portfolio: Any
    equity: FloatArray
    row_of: IntArray
    fills: pd.DataFrame


def reaccount(result: BacktestResult, rows: int) -> Reaccounted:
    """The first rows of a result, accounted for by vectorbt from sizes, prices and fees of the fills alone."""
    import vectorbt as vbt  # noqa: PLC0415

    all_rows = fill_rows(result)
    fills, fill_row = result.fills[all_rows < rows], all_rows[all_rows < rows]
    column = result.positions.columns.get_indexer(pd.Index(fills["symbol"]))
    turn = pd.Series(fill_row).groupby([fill_row, column]).cumcount().to_numpy()
    extra = np.zeros(rows, dtype=np.int64)  # rows that a candle needs beyond its first
    np.maximum.at(extra, fill_row, turn)
    row_of, last = np.repeat(np.arange(rows), 1 + extra), np.cumsum(1 + extra) - 1
    cells = (last[fill_row] - extra[fill_row] + turn, column)
    size, price, fee = _order_arrays(fills, cells, (len(row_of), result.positions.shape[1]))
    # A symbol that has not been listed yet is never held: any price will do.
    marks = result.marks.iloc[row_of].fillna(1.0).to_numpy()
    lent = _lent(result, fills)
    portfolio = vbt.Portfolio.from_orders(
        close=pd.DataFrame(marks, columns=result.marks.columns),
        size=size,
        size_type="amount",
        direction="both",
        price=price,
        fixed_fees=fee,
        init_cash=result.initial_cash + lent,
        cash_sharing=True,
        group_by=True,
        call_seq=np.argsort(np.sign(np.nan_to_num(size)), axis=1, kind="stable"),
        freq=pd.Timedelta(result.timeframe.milliseconds, unit="ms"),
        max_orders=len(fills) + 1,
    )
    flows = (result.funding.to_numpy() + result.borrow.to_numpy())[:rows].sum(axis=1).cumsum()
    return Reaccounted(portfolio, portfolio.value().to_numpy()[last] - lent - flows, row_of, fills)


def fill_rows(result: BacktestResult) -> IntArray:
    """Row of every fill: that of the candle whose open time it carries."""
    step = pd.Timedelta(result.timeframe.milliseconds, unit="ms")
    found: IntArray = result.equity.index.get_indexer(pd.DatetimeIndex(result.fills["time"]) + step)
    return found


def _order_arrays(
    fills: pd.DataFrame, cells: tuple[IntArray, IntArray], shape: tuple[int, int]
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Signed size (NaN for no order), price and fee of every cell."""
    size, price, fee = np.full(shape, np.nan), np.ones(shape), np.zeros(shape)
    size[cells] = np.where(fills["side"] == "buy", 1.0, -1.0) * fills["size"]
    price[cells] = fills["price"]
    fee[cells] = fills["fee"]
    return size, price, fee


def _lent(result: BacktestResult, fills: pd.DataFrame) -> float:
    """Enough for whatever a perpetual account held; nothing for a spot account, which has to pay for what it buys."""
    if result.market == "spot" or fills.empty:
        return 0.0
    gross = float((result.positions * result.marks.fillna(0.0)).abs().sum(axis=1).max())
    funds = result.equity.abs().max() + float(fills["notional"].groupby(fills["time"]).sum().max())
    return _ROOM * max(gross, float(funds))
