"""A second opinion: vectorbt accounts for every result again, from the fills alone."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from algotrade.backtesting.reaccounting import Reaccounted, fill_rows, reaccount
from algotrade.backtesting.result import BacktestResult
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
        ``return`` (pnl over what was paid), ``status`` ("closed" or "open"), ``side`` ("long" or "short"),
        ``funding`` (funding and interest paid meanwhile, which ``pnl`` does not hold).
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
    the same equity in every row, the same number of orders and the same fees; see
    :mod:`algotrade.backtesting.reaccounting` for what funding, interest and leverage take. A ruined account is
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
    if (fill_rows(result) < 0).any():
        raise BacktestError(
            "Some fills lie outside the candles of the result; their time must be the open of a candle."
        )
    account = reaccount(result, rows)
    difference = _compare(result, account, rows)
    return Audit(_trades(result, account), _drawdowns(result, account), difference)


def _compare(result: BacktestResult, account: Reaccounted, rows: int) -> float:
    equity = result.equity.to_numpy()[:rows]
    # The scale is the highest equity so far: a late fortune must not hide an early disagreement.
    scale = np.maximum.accumulate(np.abs(equity))
    difference = float((np.abs(account.equity - equity) / scale).max(initial=0.0))
    orders = account.portfolio.orders
    count, fees = int(orders.count()), float(orders.records_arr["fees"].sum())
    disagreements = []
    if not difference <= EQUITY_TOLERANCE:
        disagreements.append(f"equity differs by {difference:.3g} of its scale (accepted {EQUITY_TOLERANCE:g})")
    if count != len(account.fills):
        disagreements.append(f"{count} orders against {len(account.fills)} fills")
    if not np.isclose(fees, account.fills["fee"].sum(), rtol=ROUNDING, atol=0.0):
        disagreements.append(f"fees of {fees!r} against {account.fills['fee'].sum()!r}")
    if disagreements:
        raise BacktestError(
            f"vectorbt does not agree with the simulation: {'; '.join(disagreements)}. "
            "The result must not be reported; check its fills against the candles."
        )
    return difference


def _trades(result: BacktestResult, account: Reaccounted) -> pd.DataFrame:
    records = account.portfolio.positions.records_arr
    open_time = pd.DatetimeIndex(result.equity.index) - pd.Timedelta(result.timeframe.milliseconds, unit="ms")
    entry, exit_ = account.row_of[records["entry_idx"]], account.row_of[records["exit_idx"]]
    # What holding cost before each row.
    held_cost = np.zeros((len(result.equity) + 1, result.funding.shape[1]))
    np.cumsum((result.funding + result.borrow).to_numpy(), axis=0, out=held_cost[1:])
    return pd.DataFrame(
        {
            "symbol": result.positions.columns.to_numpy()[records["col"]],
            "entry_time": open_time[entry],
            "exit_time": open_time[exit_],
            "size": records["size"],
            "entry_price": records["entry_price"],
            "exit_price": records["exit_price"],
            "pnl": records["pnl"],
            "return": records["return"],
            "status": np.where(records["status"] == 1, "closed", "open"),
            "side": np.where(records["direction"] == 0, "long", "short"),
            "funding": held_cost[exit_ + (records["status"] != 1), records["col"]] - held_cost[entry, records["col"]],
        }
    ).sort_values(["entry_time", "symbol"], ignore_index=True)


def _drawdowns(result: BacktestResult, account: Reaccounted) -> pd.DataFrame:
    from vectorbt.generic.drawdowns import Drawdowns  # noqa: PLC0415

    time = result.equity.index
    records = Drawdowns.from_ts(pd.Series(account.equity, dtype=np.float64)).records_arr
    return pd.DataFrame(
        {
            "peak_time": time[records["peak_idx"]],
            "valley_time": time[records["valley_idx"]],
            "end_time": time[records["end_idx"]],
            "depth": 1.0 - records["valley_val"] / records["peak_val"],
            "status": np.where(records["status"] == 1, "recovered", "active"),
        }
    )
