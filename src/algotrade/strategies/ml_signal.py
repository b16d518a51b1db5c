"""Machine-learning signal: trade a prediction only where it promises more than trading costs."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from algotrade.domain.candles import BoolArray, FloatArray
from algotrade.errors import StrategyError
from algotrade.strategies.base import STRATEGIES, Strategy, starting_weights
from algotrade.strategies.holding import Signals, hold_until_exit
from algotrade.strategies.parameters import parameter
from algotrade.strategies.sizing import volatility_cap
from algotrade.strategies.thresholds import check_thresholds
from algotrade.strategies.view import MarketView


@STRATEGIES.register("ml_signal")
@dataclass(frozen=True)
class MachineLearningSignal(Strategy):
    """Long while the model expects a rise that pays for the round trip.

    A position opens where every prediction at hand supports it: the expected return over the
    horizon exceeds ``entry_edge_bps`` and the probability of a rise exceeds ``entry_probability``.
    It closes where none supports it any longer: all of them are below their exit thresholds. In
    between it stays. The gap between the thresholds keeps costs down. Where there is no prediction
    nothing opens and what is held stays.

    Parameters
    ----------
    entry_edge_bps, exit_edge_bps : float
        Expected log return over the horizon in basis points. The default entry is a round trip at
        10 bps of fee and 5 bps of slippage a side.
    entry_probability, exit_probability : float
        Probability that the forward return is positive.
    maximum_positions : int
        Each position gets one part of equity in so many (or in the number of symbols if smaller);
        the most promising come first.
    target_volatility : float
        Annual volatility above which a symbol gets less than its part, in inverse proportion; 0 gives every position
        its whole part. A symbol whose volatility is not known yet is not entered.
    volatility_window : int
        Candles of that volatility.

    References
    ----------
    .. [1] Davis, M., Norman, A. (1990). Portfolio selection with transaction costs. Math. Oper. Res. 15(4):
       with proportional costs, doing nothing is optimal inside a band.
    """

    name: ClassVar[str] = "ml_signal"

    entry_edge_bps: float = parameter(30.0, between=(-10_000.0, 10_000.0), search=(15.0, 30.0, 60.0))
    exit_edge_bps: float = parameter(0.0, between=(-10_000.0, 10_000.0), search=(-15.0, 0.0))
    entry_probability: float = parameter(0.55, between=(0.0, 1.0), search=(0.5, 0.55, 0.6))
    exit_probability: float = parameter(0.5, between=(0.0, 1.0))
    maximum_positions: int = parameter(8, between=(1, 10_000))
    target_volatility: float = parameter(0.0, between=(0.0, 10.0))
    volatility_window: int = parameter(168, between=(2, 100_000))

    def __post_init__(self) -> None:
        super().__post_init__()
        for unit in ("edge_bps", "probability"):
            entry, leave = (f"{moment}_{unit}" for moment in ("entry", "exit"))
            check_thresholds(self.name, (entry, getattr(self, entry)), (leave, getattr(self, leave)))

    @property
    def lookback(self) -> int:
        """Rows that the volatility reads; a prediction already carries its own history."""
        return self.volatility_window if self.target_volatility > 0.0 else 0

    def target_weights(self, view: MarketView, initial_weights: FloatArray | None = None) -> FloatArray:
        """Weights of shape ``(len(view), symbols)`` in [0, 1]; see :meth:`Strategy.target_weights`.

        Raises
        ------
        StrategyError
            If the view has neither probabilities nor expected returns.
        """
        enter, leave, priority = self._decisions(view)
        present = view.decided.present
        size = np.full(enter.shape, 1.0 / min(self.maximum_positions, len(view.panel.symbols)))
        if self.target_volatility > 0.0:
            size *= volatility_cap(view, self.volatility_window, self.target_volatility)
            enter &= np.isfinite(size)
        signals = Signals(enter=enter & present, leave=leave & present, size=size, priority=priority)
        return hold_until_exit(signals, starting_weights(view, initial_weights))

    def _decisions(self, view: MarketView) -> tuple[BoolArray, BoolArray, FloatArray]:
        """Where every prediction says enter, where every one says leave, and the strength of the case."""
        cases = [
            (block[view.warmup :], entry, leave)
            for block, entry, leave in (
                (view.expected_return, self.entry_edge_bps / 1e4, self.exit_edge_bps / 1e4),
                (view.probability, self.entry_probability, self.exit_probability),
            )
            if block is not None
        ]
        if not cases:
            raise StrategyError(
                "ml_signal decides on predictions and the view has none. Give it probability or expected_return: "
                "run the training pipeline first."
            )
        enter = np.logical_and.reduce([block > entry for block, entry, _ in cases])
        leave = np.logical_and.reduce([block < leave for block, _, leave in cases])
        return enter, leave, cases[0][0]
