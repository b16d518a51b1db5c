"""A bare ledger with names and times: frames, and what follows from the fills alone."""

import numba
import numpy as np
import pandas as pd

from algotrade.backtesting.account import SimulationSettings
from algotrade.backtesting.kernel import (
    COLUMN,
    DECIDED,
    FEE,
    IMPACT,
    KIND,
    KINDS,
    NEVER,
    PRICE,
    REFERENCE,
    ROW,
    SIZE,
    Ledger,
)
from algotrade.backtesting.market import marks
from algotrade.backtesting.result import BacktestResult
from algotrade.domain.candles import FloatArray, Panel, from_milliseconds


def labelled(ledger: Ledger, panel: Panel, settings: SimulationSettings) -> BacktestResult:
    """The result that a ledger describes."""
    index = pd.DatetimeIndex(from_milliseconds(panel.close_time), name="close_time")
    mark = marks(panel)
    positions = positions_of(ledger.fills, *mark.shape, ledger.ruined_row)

    def frame(values: FloatArray) -> pd.DataFrame:
        whole = values if len(values) else np.zeros_like(mark)
        return pd.DataFrame(whole, index=index, columns=list(panel.symbols), copy=False)

    alive = (ledger.equity > 0.0)[:, None]
    value = positions * mark
    return BacktestResult(
        timeframe=panel.timeframe,
        initial_cash=settings.initial_cash,
        equity=pd.Series(ledger.equity, index=index, name="equity"),
        cash=pd.Series(cash_of(ledger, settings.initial_cash), index=index, name="cash"),
        positions=frame(positions),
        weights=frame(np.divide(value, ledger.equity[:, None], out=np.zeros_like(value), where=alive)),
        marks=frame(np.where(mark > 0.0, mark, np.nan)),
        fills=fills_frame(ledger.fills, panel),
        funding=frame(ledger.funding),
        borrow=frame(ledger.borrow),
        market=settings.market,
        ruined_at=None if ledger.ruined_row == NEVER else index[ledger.ruined_row],
        halted_at=None if ledger.halted_row == NEVER else index[ledger.halted_row],
        liquidations=ledger.liquidations,
        unfilled=ledger.cut_orders,
    )


@numba.njit(cache=True)
def positions_of(fills: FloatArray, rows: int, columns: int, ruined_row: int) -> FloatArray:
    """Units held after each row, shape ``(rows, columns)``, summed up in the order of the fills; 0 from ruin on."""
    positions, held = np.zeros((rows, columns)), np.zeros(columns)
    fill, last = 0, rows if ruined_row == NEVER else ruined_row
    for row in range(last):
        while fill < len(fills) and fills[fill, ROW] == row:
            column, size = int(fills[fill, COLUMN]), fills[fill, SIZE]
            held[column] = 0.0 if size == -held[column] else held[column] + size
            fill += 1
        for column in range(columns):
            positions[row, column] = held[column]
    return positions


def cash_of(ledger: Ledger, initial_cash: float) -> FloatArray:
    """Cash after the close of each row, shape ``(n,)``; from ruin on it is all the equity there is."""
    if len(ledger.cash):
        return ledger.cash
    last = len(ledger.equity) if ledger.ruined_row == NEVER else ledger.ruined_row
    cash: FloatArray = _cash_from_fills(ledger.fills, initial_cash, len(ledger.equity))
    cash[last:] = ledger.equity[last:]
    return cash


@numba.njit(cache=True)
def _cash_from_fills(fills: FloatArray, initial_cash: float, rows: int) -> FloatArray:
    path, cash, fill = np.empty(rows), initial_cash, 0
    for row in range(rows):
        while fill < len(fills) and fills[fill, ROW] == row:
            cash -= fills[fill, SIZE] * fills[fill, PRICE] + fills[fill, FEE]
            fill += 1
        path[row] = cash
    return path


def fills_frame(fills: FloatArray, panel: Panel) -> pd.DataFrame:
    """Fills with names, times and the parts of their costs, as a result holds them."""
    rows, columns, kinds = (fills[:, field].astype(np.int64) for field in (ROW, COLUMN, KIND))
    signed_size, price, impact, decided = fills[:, SIZE], fills[:, PRICE], fills[:, IMPACT], fills[:, DECIDED]
    slippage = signed_size * (price - fills[:, REFERENCE])
    return pd.DataFrame(
        {
            "time": from_milliseconds(panel.open_time[rows]),
            "symbol": np.array(panel.symbols, dtype=object)[columns],
            "side": np.where(signed_size > 0.0, "buy", "sell"),
            "size": np.abs(signed_size),
            "price": price,
            "notional": np.abs(signed_size) * price,
            "fee": fills[:, FEE],
            "slippage": slippage,
            "kind": np.array(KINDS, dtype=object)[kinds],
            "decision_price": np.where(decided > 0.0, decided, np.nan),
            "spread": slippage - impact,
            "impact": impact,
        }
    )
