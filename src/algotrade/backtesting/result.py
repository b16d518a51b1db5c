"""What a simulation returns."""

from dataclasses import dataclass

import pandas as pd

from algotrade.domain.timeframe import Timeframe

FILL_COLUMNS = (
    "time", "symbol", "side", "size", "price", "notional", "fee", "slippage",
    "kind", "decision_price", "spread", "impact",
)  # fmt: skip


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
        After the close of each candle. The cash of a perpetual account has paid for its positions and may be
        negative.
    positions : DataFrame of shape (n, symbols)
        Units held; 0 from ruin on.
    weights : DataFrame of shape (n, symbols)
        Value held at the close as a fraction of equity; 0 from ruin on.
    marks : DataFrame of shape (n, symbols)
        Prices that the positions are valued at: the last close known, NaN before the first.
    fills : DataFrame
        In the order of execution. Columns ``time`` (the open of the candle in which it was filled), ``symbol``,
        ``side`` ("buy" or "sell"), ``size`` (units, positive), ``price`` (slippage included), ``notional``,
        ``fee``, ``slippage`` (loss against the open, or against the level of a stop), ``kind`` ("target",
        "limit", "stop", "take_profit", "liquidation", "delisting" or "halt"), ``decision_price`` (the close
        at which it was decided, or the level of a stop; NaN where the symbol had no candle then), and the
        two parts of ``slippage``: ``spread`` (half-spread and tick) and ``impact`` (volatility and participation).
    funding, borrow : DataFrame of shape (n, symbols)
        Paid in each row, quote currency; negative funding was received.
    market : str
        "spot" or "perpetual".
    ruined_at : Timestamp or None
        Close time of the row at which equity was found at or below a millionth of the initial cash, or below zero.
        Nothing happens after it.
    halted_at : Timestamp or None
        Close time of the row whose drawdown stopped the account; it sells at the next open.
    liquidations : int
        Times that all positions were liquidated.
    unfilled : int
        Orders that the volume cap cut short; what was left of them was carried on.
    """

    timeframe: Timeframe
    initial_cash: float
    equity: pd.Series
    cash: pd.Series
    positions: pd.DataFrame
    weights: pd.DataFrame
    marks: pd.DataFrame
    fills: pd.DataFrame
    funding: pd.DataFrame
    borrow: pd.DataFrame
    market: str = "spot"
    ruined_at: pd.Timestamp | None = None
    halted_at: pd.Timestamp | None = None
    liquidations: int = 0
    unfilled: int = 0

    @property
    def fees_paid(self) -> float:
        """Sum of all fees, in the quote currency."""
        return float(self.fills["fee"].sum())

    @property
    def slippage_paid(self) -> float:
        """Sum of what fills were worse than the open, in the quote currency."""
        return float(self.fills["slippage"].sum())

    @property
    def funding_paid(self) -> float:
        """Sum of the funding paid less that received, in the quote currency; 0 on a spot account."""
        return float(self.funding.to_numpy().sum())

    @property
    def borrow_paid(self) -> float:
        """Sum of the interest on what was borrowed, in the quote currency."""
        return float(self.borrow.to_numpy().sum())

    @property
    def final_equity(self) -> float:
        """Equity after the last close."""
        return float(self.equity.iloc[-1])
