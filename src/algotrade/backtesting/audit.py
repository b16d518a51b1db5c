"""A second opinion: vectorbt accounts for every result again, from the fills alone."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from algotrade.backtesting.result import BacktestResult
from algotrade.domain.candles import FloatArray
from algotrade.errors import BacktestError

EQUITY_TOLERANCE = 1e-9
ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class Audit:
    """What vectorbt makes of the same fills, once it has agreed.

    Attributes
    ----------
    trades : DataFrame
        One row a round trip, from a flat position to the next flat one however many fills it took,
        so that trimming a winner does not count as another win. Columns ``symbol``, ``entry_time``,
        ``exit_time`` (of the last candle if still open), ``size`` (all that was bought),
        ``entry_price`` and ``exit_price`` (averages), ``pnl`` (net of fees and slippage),
        ``return`` (pnl over what was paid), ``status`` ("closed" or "open").
    drawdowns : DataFrame
        One row a drawdown of equity: ``peak_time``, ``valley_time``, ``end_time`` (of recovery, or
        the last row), ``depth`` (positive fraction), ``status`` ("recovered" or "active").
    equity_difference : float
        Largest disagreement about equity, as a fraction of the highest equity so far.
    """

    trades: pd.DataFrame
    drawdowns: pd.DataFrame
    equity_difference: float


def audit(result: BacktestResult) -> Audit:
    """Trades and drawdowns of a result that vectorbt can reproduce from its fills.

    vectorbt gets the exact sizes, prices and fees of the fills with shared cash, and must arrive at
    the same equity in every row, the same number of orders and the same fees. A ruined account is
    compared up to the row before its ruin. Call it a result at a time: memory grows with rows x symbols.

    Raises
    ------
    BacktestError
        If vectorbt disagrees, saying about what and by how much.

    Notes
    -----
    The first call in a process pays vectorbt's import (seconds), which is why it is made here.
    """
    rows = len(result.equity if result.ruined_at is None else result.equity.loc[: result.ruined_at].iloc[:-1])
    portfolio = _portfolio(result, rows)
    difference = _compare(result, portfolio, rows)
    return Audit(_trades(result, portfolio), _drawdowns(result, portfolio), difference)


def _portfolio(result: BacktestResult, rows: int) -> Any:
    import vectorbt as vbt  # noqa: PLC0415

    size, price, fee = _order_arrays(result, rows)
    # A symbol that has not been listed yet is never held: any price will do.
    marks = result.marks.iloc[:rows].fillna(1.0)
    return vbt.Portfolio.from_orders(
        close=marks,
        size=size,
        size_type="amount",
        direction="both",
        price=price,
        fixed_fees=fee,
        init_cash=result.initial_cash,
        cash_sharing=True,
        group_by=True,
        call_seq=np.argsort(np.sign(np.nan_to_num(size)), axis=1, kind="stable"),
        freq=pd.Timedelta(result.timeframe.milliseconds, unit="ms"),
        max_orders=len(result.fills) + 1,
    )


def _order_arrays(result: BacktestResult, rows: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Signed size (NaN for no order), price and fee of every cell, each of shape ``(rows, symbols)``."""
    shape = (rows, result.positions.shape[1])
    size, price, fee = np.full(shape, np.nan), np.ones(shape), np.zeros(shape)
    cells = (_fill_rows(result), result.positions.columns.get_indexer(pd.Index(result.fills["symbol"])))
    if len(np.unique(np.ravel_multi_index(cells, shape))) != len(result.fills):
        raise BacktestError("A symbol was filled twice in one candle; the fills cannot be accounted for.")
    size[cells] = np.where(result.fills["side"] == "buy", 1.0, -1.0) * result.fills["size"]
    price[cells] = result.fills["price"]
    fee[cells] = result.fills["fee"]
    return size, price, fee


def _fill_rows(result: BacktestResult) -> Any:
    """Row of every fill; filled at its open, so one timeframe before its close."""
    step = pd.Timedelta(result.timeframe.milliseconds, unit="ms")
    return result.equity.index.get_indexer(pd.DatetimeIndex(result.fills["time"]) + step)


def _compare(result: BacktestResult, portfolio: Any, rows: int) -> float:
    equity = result.equity.to_numpy()[:rows]
    # The scale is the highest equity so far: a late fortune must not hide an early disagreement.
    scale = np.maximum.accumulate(np.abs(equity))
    difference = float((np.abs(portfolio.value().to_numpy() - equity) / scale).max())
    orders, fees = int(portfolio.orders.count()), float(portfolio.orders.records_arr["fees"].sum())
    disagreements = []
    if not difference <= EQUITY_TOLERANCE:
        disagreements.append(f"equity differs by {difference:.3g} of its scale (accepted {EQUITY_TOLERANCE:g})")
    if orders != len(result.fills):
        disagreements.append(f"{orders} orders against {len(result.fills)} fills")
    if not np.isclose(fees, result.fees_paid, rtol=ROUNDING, atol=0.0):
        disagreements.append(f"fees of {fees!r} against {result.fees_paid!r}")
    if disagreements:
        raise BacktestError(
            f"vectorbt does not agree with the simulation: {'; '.join(disagreements)}. "
            "The result must not be reported; check its fills against the candles."
        )
    return difference


def _trades(result: BacktestResult, portfolio: Any) -> pd.DataFrame:
    records = portfolio.positions.records_arr
    open_time = pd.DatetimeIndex(result.equity.index) - pd.Timedelta(result.timeframe.milliseconds, unit="ms")
    return pd.DataFrame(
        {
            "symbol": result.positions.columns.to_numpy()[records["col"]],
            "entry_time": open_time[records["entry_idx"]],
            "exit_time": open_time[records["exit_idx"]],
            "size": records["size"],
            "entry_price": records["entry_price"],
            "exit_price": records["exit_price"],
            "pnl": records["pnl"],
            "return": records["return"],
            "status": np.where(records["status"] == 1, "closed", "open"),
        }
    ).sort_values(["entry_time", "symbol"], ignore_index=True)


def _drawdowns(result: BacktestResult, portfolio: Any) -> pd.DataFrame:
    records = portfolio.get_drawdowns().records_arr
    time = result.equity.index
    return pd.DataFrame(
        {
            "peak_time": time[records["peak_idx"]],
            "valley_time": time[records["valley_idx"]],
            "end_time": time[records["end_idx"]],
            "depth": 1.0 - records["valley_val"] / records["peak_val"],
            "status": np.where(records["status"] == 1, "recovered", "active"),
        }
    )
