"""From target weights to a result: checked at the door, simulated by the kernel, labelled on the way out."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from algotrade.backtesting.kernel import NEVER, Ledger, Terms, run_account
from algotrade.backtesting.result import BacktestResult
from algotrade.domain.candles import FloatArray, Panel, from_milliseconds
from algotrade.domain.costs import Costs
from algotrade.errors import BacktestError, ConfigurationError, StrategyError
from algotrade.strategies import MarketView, Strategy

WEIGHT_TOLERANCE = 1e-9


@dataclass(frozen=True)
class SimulationSettings:
    """How the simulated account behaves.

    Parameters
    ----------
    initial_cash : float
        In the quote currency.
    rebalance_band : float in [0, 1)
        A position is adjusted only when it is off its target by more than this fraction of the
        target. Opening and closing are never held back.
    allow_short : bool
        Whether negative weights are accepted; a spot account cannot hold them. No borrowing cost
        is charged.

    Raises
    ------
    ConfigurationError
        If a number is out of range.
    """

    initial_cash: float = 100_000.0
    rebalance_band: float = 0.2
    allow_short: bool = False

    def __post_init__(self) -> None:
        if not 0.0 < self.initial_cash < np.inf:
            raise ConfigurationError(f"initial_cash must be a positive amount; found {self.initial_cash!r}.")
        if not 0.0 <= self.rebalance_band < 1.0:
            raise ConfigurationError(
                "rebalance_band must be a fraction of the target weight from 0 to below 1; "
                f"found {self.rebalance_band!r}."
            )


def simulate(
    panel: Panel, target_weights: FloatArray, costs: Costs, settings: SimulationSettings | None = None
) -> BacktestResult:
    """Result of following target weights: decided at a close, filled at the next open.

    Parameters
    ----------
    panel : Panel
    target_weights : ndarray of shape (n, symbols)
        In [0, 1] ([-1, 1] with ``allow_short``), absolute sum of a row at most 1.
    costs : Costs
    settings : SimulationSettings, optional

    Raises
    ------
    StrategyError
        If the weights have the wrong shape, are not finite or out of bounds.
    BacktestError
        If the panel has no rows, or prices that cannot be traded at.
    """
    chosen = settings or SimulationSettings()
    ledger = account_ledger(panel, target_weights, costs, chosen)
    index = pd.DatetimeIndex(from_milliseconds(panel.close_time), name="close_time")

    def frame(values: FloatArray) -> pd.DataFrame:
        return pd.DataFrame(values, index=index, columns=list(panel.symbols), copy=False)

    alive = (ledger.equity > 0.0)[:, None]
    value = ledger.positions * ledger.prices
    return BacktestResult(
        timeframe=panel.timeframe,
        initial_cash=chosen.initial_cash,
        equity=pd.Series(ledger.equity, index=index, name="equity"),
        cash=pd.Series(ledger.cash, index=index, name="cash"),
        positions=frame(ledger.positions),
        weights=frame(np.divide(value, ledger.equity[:, None], out=np.zeros_like(value), where=alive)),
        marks=frame(np.where(ledger.prices > 0.0, ledger.prices, np.nan)),
        fills=_fills_frame(ledger, panel, costs),
        ruined_at=None if ledger.ruined_row == NEVER else index[ledger.ruined_row],
    )


def backtest(
    strategy: Strategy, view: MarketView, costs: Costs, settings: SimulationSettings | None = None
) -> BacktestResult:
    """Result of a strategy over the rows of a view that get a decision, starting from cash.

    Raises
    ------
    StrategyError, BacktestError
        As :func:`simulate` and the strategy do.
    """
    return simulate(view.decided, strategy.target_weights(view), costs, settings)


def account_ledger(panel: Panel, target_weights: FloatArray, costs: Costs, settings: SimulationSettings) -> Ledger:
    """Bare ledger of :func:`simulate`, without the frames: what sweeps run on."""
    _check_prices(panel)
    _check_weights(panel, target_weights, allow_short=settings.allow_short)
    terms = Terms(float(settings.initial_cash), costs.fee_rate, costs.slippage_rate, float(settings.rebalance_band))
    ledger: Ledger = run_account(
        np.ascontiguousarray(panel.open), np.ascontiguousarray(panel.close), np.ascontiguousarray(target_weights), terms
    )
    return ledger


def _check_prices(panel: Panel) -> None:
    if len(panel) == 0:
        raise BacktestError("There are no candles to simulate on. Choose a longer span.")
    usable = (panel.open > 0.0) & (panel.close > 0.0) & np.isfinite(panel.open) & np.isfinite(panel.close)
    bad = ~usable & ~(np.isnan(panel.open) & np.isnan(panel.close))
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise BacktestError(
            f"{int(bad.sum())} candles have no usable open and close, first {panel.symbols[column]} at "
            f"{from_milliseconds(panel.open_time[row : row + 1])[0]:%Y-%m-%d %H:%M}. "
            "Prices must be positive and finite. Run the ingestion pipeline again."
        )


def _check_weights(panel: Panel, weights: FloatArray, *, allow_short: bool) -> None:
    expected = (len(panel), len(panel.symbols))
    if weights.shape != expected:
        raise StrategyError(f"Target weights must have the shape of the panel {expected}; found {weights.shape}.")
    if not np.isfinite(weights).all():
        row, column = np.argwhere(~np.isfinite(weights))[0]
        raise StrategyError(
            f"Target weights must be finite; row {row} of {panel.symbols[column]} is {weights[row, column]}. "
            "A strategy without an opinion keeps its previous weight or returns 0."
        )
    if not allow_short and (weights < 0.0).any():
        raise StrategyError(
            f"A spot account cannot be short; the smallest target weight is {weights.min():g}. "
            "Return weights in [0, 1], or simulate with allow_short=True."
        )
    gross = float(np.abs(weights).sum(axis=1).max())
    if gross > 1.0 + WEIGHT_TOLERANCE:
        raise StrategyError(
            f"Target weights must not exceed 1 in absolute sum, there is no borrowing; the largest row has {gross:g}."
        )


def _fills_frame(ledger: Ledger, panel: Panel, costs: Costs) -> pd.DataFrame:
    rows, columns = ledger.fills[:, 0].astype(np.int64), ledger.fills[:, 1].astype(np.int64)
    signed_size, price, fee = ledger.fills[:, 2:].T
    buy = signed_size > 0.0
    reference = panel.open[rows, columns]
    return pd.DataFrame(
        {
            "time": from_milliseconds(panel.open_time[rows]),
            "symbol": np.array(panel.symbols, dtype=object)[columns],
            "side": np.where(buy, "buy", "sell"),
            "size": np.abs(signed_size),
            "price": price,
            "notional": np.abs(signed_size) * price,
            "fee": fee,
            "slippage": np.abs(signed_size) * reference * costs.slippage_rate,
        }
    )
