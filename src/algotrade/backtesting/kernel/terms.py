"""What the compiled accounting takes and returns."""

from typing import NamedTuple

import numpy as np

from algotrade.domain.candles import BoolArray, FloatArray
from algotrade.domain.timeframe import IntArray

NEGLIGIBLE = 1e-9
"""Orders below this fraction of equity are not worth sending."""
RUIN = 1e-6
"""An account is ruined at this fraction of its initial cash: what is left is no order that a venue takes."""
NEVER = -1
"""The row of something that did not happen."""

KINDS = ("target", "limit", "stop", "take_profit", "liquidation", "delisting", "halt")
"""Why there was a fill, by its number in the ledger."""
TARGET, LIMIT, STOP, TAKE_PROFIT, LIQUIDATION, DELISTING, HALT = range(len(KINDS))

FILL_FIELDS = ("row", "column", "size", "price", "fee", "reference", "impact", "kind", "decided")
ROW, COLUMN, SIZE, PRICE, FEE, REFERENCE, IMPACT, KIND, DECIDED = range(len(FILL_FIELDS))


class Prices(NamedTuple):
    """The market as the accounting sees it; every array C-contiguous, of shape (n, symbols).

    Attributes
    ----------
    open, high, low : ndarray
        NaN where nothing can be traded: no candle, or one without volume.
    close : ndarray
        NaN where there is no candle.
    mark : ndarray
        The last close known, 0 before the first.
    volume : ndarray
        Units traded; infinite where it is not known.
    volatility : ndarray
        Of one candle's log return, known at the close of the row.
    funding : ndarray
        Sum of the rates settled within the candle.
    """

    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    mark: FloatArray
    volume: FloatArray
    volatility: FloatArray
    funding: FloatArray


class PlainTerms(NamedTuple):
    """All that the plain account depends on besides prices and weights."""

    initial_cash: float
    fee_rate: float
    slippage_rate: float
    rebalance_band: float
    delay: int
    every: int


class Rules(NamedTuple):
    """All that the account with every rule depends on; a rule that is off has an infinite number.

    ``limit_offset`` is negative where orders take the open. Rates are fractions; ``borrow_rate`` is that
    of one candle, ``fee_rows`` the candles of the window that fee tiers look at.
    """

    initial_cash: float
    slippage_rate: float
    rebalance_band: float
    volatility_slippage: float
    impact: float
    volume_cap: float
    limit_offset: float
    stop_loss: float
    take_profit: float
    trailing_stop: float
    leverage: float
    maintenance_margin: float
    liquidation_rate: float
    borrow_rate: float
    delisting_loss: float
    halt_drawdown: float
    derisk_drawdown: float
    margined: bool
    delay: int
    every: int
    delist_after: int
    fee_rows: int


class Book(NamedTuple):
    """The account between two events: arrays of shape (symbols,) that the kernel changes in place.

    Attributes
    ----------
    held, entry, best, price : ndarray
        Units, average entry price, best price since entry, last price.
    blocked, exit_kind : ndarray
        Side that a stop has closed, 0 for none, and the kind of that exit.
    due, cut, inside : ndarray of bool
        Whether the newest decision has not been acted upon; was acted upon in part; whether an order was
        filled inside the current candle.
    silent : ndarray of int
        Rows since the last candle.
    used : ndarray
        Units filled in the current candle.
    size, reference, paid, impact, fee_rate, limit, kind, resting, decided : ndarray
        The order of the current row.
    tick, lot, smallest : ndarray
        The instrument's steps and its minimum notional.
    money : ndarray
        Cash, notional traded in the row, maker and taker fee rate, what the drawdown leaves of targets,
        1 once halted, equity at the open.
    tally : ndarray of int
        Fills, orders cut by the volume cap, liquidations.
    """

    held: FloatArray
    entry: FloatArray
    best: FloatArray
    price: FloatArray
    blocked: FloatArray
    exit_kind: IntArray
    due: BoolArray
    cut: BoolArray
    inside: BoolArray
    silent: IntArray
    used: FloatArray
    size: FloatArray
    reference: FloatArray
    paid: FloatArray
    impact: FloatArray
    fee_rate: FloatArray
    limit: FloatArray
    kind: IntArray
    resting: BoolArray
    decided: FloatArray
    tick: FloatArray
    lot: FloatArray
    smallest: FloatArray
    money: FloatArray
    tally: IntArray


CASH, TRADED, MAKER, TAKER, SCALE, HALTED, EQUITY = range(7)
FILLS, CUTS, LIQUIDATIONS = range(3)


class Ledger(NamedTuple):
    """What happened to the account.

    Attributes
    ----------
    equity, cash : ndarray of shape (n,)
        After the close of each row; of a plain account, whose cash follows from its fills, ``cash`` is empty.
    fills : ndarray of shape (fills, 9)
        :data:`FILL_FIELDS` of each, in the order of execution: row, column, signed size, price (slippage
        included), fee, reference price, what volatility and impact took, kind, price at the decision (0 if
        there was none).
    funding, borrow : ndarray of shape (n, symbols), or (0, symbols) where there cannot be any
        Paid in each row.
    ruined_row : int
        Row at which equity was found at or below :data:`RUIN` of the initial cash, or :data:`NEVER`. It stays there.
    halted_row : int
        Row at whose close the drawdown reached its limit, or :data:`NEVER`.
    cut_orders, liquidations : int
        Orders that the volume cap cut, and times that everything was liquidated.
    """

    equity: FloatArray
    cash: FloatArray
    fills: FloatArray
    funding: FloatArray
    borrow: FloatArray
    ruined_row: int
    halted_row: int
    cut_orders: int
    liquidations: int

    @property
    def notional(self) -> float:
        """Sum of all fills, in the quote currency."""
        return float((np.abs(self.fills[:, SIZE]) * self.fills[:, PRICE]).sum())
