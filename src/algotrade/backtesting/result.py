"""What a simulation returns."""

from dataclasses import dataclass

import pandas as pd

from algotrade.domain.timeframe import Timeframe

FILL_COLUMNS = ("time", "symbol", "side", "size", "price", "notional", "fee", "slippage")


@dataclass(frozen=True, eq=False)
class BacktestResult:
    """The account over time and everything it did.

    All times are aware UTC. Series and frames share one index, the close time of each candle: the
    moment at which the row is known.

    Attributes
    ----------
    timeframe : Timeframe
    initial_cash : float
        Equity before the first row.
    equity, cash : Series of length n
        After the close of each candle.
    positions : DataFrame of shape (n, symbols)
        Units held.
    weights : DataFrame of shape (n, symbols)
        Value held at the close as a fraction of equity; 0 from ruin on.
    marks : DataFrame of shape (n, symbols)
        Prices that the positions are valued at: the last close known, NaN before the first.
    fills : DataFrame
        Columns ``time`` (the open at which it was filled), ``symbol``, ``side`` ("buy" or "sell"),
        ``size`` (units, positive), ``price`` (slippage included), ``notional``, ``fee``,
        ``slippage`` (loss against the open), in the order of execution.
    funding_paid : float
        Always 0: spot positions pay no funding.
    ruined_at : Timestamp or None
        Close time of the row at which equity was found at or below zero. Nothing happens after it.
    """

    timeframe: Timeframe
    initial_cash: float
    equity: pd.Series
    cash: pd.Series
    positions: pd.DataFrame
    weights: pd.DataFrame
    marks: pd.DataFrame
    fills: pd.DataFrame
    funding_paid: float = 0.0
    ruined_at: pd.Timestamp | None = None

    @property
    def fees_paid(self) -> float:
        """Sum of all fees, in the quote currency."""
        return float(self.fills["fee"].sum())

    @property
    def slippage_paid(self) -> float:
        """Sum of what fills were worse than the open, in the quote currency."""
        return float(self.fills["slippage"].sum())

    @property
    def final_equity(self) -> float:
        """Equity after the last close."""
        return float(self.equity.iloc[-1])
