"""What a strategy may look at: candles and, where there are any, predictions."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from algotrade.domain.candles import FloatArray, Panel, to_milliseconds
from algotrade.errors import StrategyError


@dataclass(frozen=True)
class MarketView:
    """Candles and out-of-fold predictions on one time grid, with leading context rows.

    Attributes
    ----------
    panel : Panel
        All rows, context included.
    probability : ndarray of shape (len(panel), symbols), optional
        Probability that the forward return is positive, known at the close of the row; NaN where none.
    expected_return : ndarray of shape (len(panel), symbols), optional
        Expected log return over the horizon, known at the close of the row; NaN where none.
    horizon : int
        Candles that the predictions look ahead.
    warmup : int
        Leading rows that are context only: they may be read, and get no decision.

    Raises
    ------
    StrategyError
        If the predictions do not have the panel's shape, or the numbers are out of range.
    """

    panel: Panel
    probability: FloatArray | None = None
    expected_return: FloatArray | None = None
    horizon: int = 1
    warmup: int = 0

    def __post_init__(self) -> None:
        shape = self.panel.close.shape
        for name in ("probability", "expected_return"):
            block = getattr(self, name)
            if block is not None and block.shape != shape:
                raise StrategyError(f"{name} must have the shape of the panel {shape}; found {block.shape}.")
        if self.horizon < 1:
            raise StrategyError(f"The horizon of the predictions must be at least 1 candle; found {self.horizon}.")
        if not 0 <= self.warmup <= len(self.panel):
            raise StrategyError(f"The warm-up must be 0 to {len(self.panel)} rows; found {self.warmup}.")

    def __len__(self) -> int:
        """Rows that get a decision."""
        return len(self.panel) - self.warmup

    @cached_property
    def decided(self) -> Panel:
        """The rows that get a decision; one panel, so that what is derived from it is derived once."""
        return self.panel[self.warmup :]

    @property
    def predicted(self) -> "MarketView":
        """The same view, deciding from the first row that has any prediction.

        Raises
        ------
        StrategyError
            If there is no prediction at all.
        """
        blocks = [block for block in (self.probability, self.expected_return) if block is not None]
        known = np.any([np.isfinite(block).any(axis=1) for block in blocks], axis=0)
        rows = np.flatnonzero(known)
        if not known.any():
            raise StrategyError("The view has no predictions. Run the training pipeline first.")
        return replace(self, warmup=max(self.warmup, int(rows[0])))

    @classmethod
    def from_predictions(cls, panel: Panel, predictions: pd.DataFrame, horizon: int) -> "MarketView":
        """View of a panel with one model's out-of-fold predictions laid on its grid.

        Parameters
        ----------
        panel : Panel
        predictions : DataFrame
            Columns ``symbol``, ``open_time``, ``probability``, ``expected_return``; at most one row a
            symbol and time. Rows outside the panel are left out.
        horizon : int
            Candles that the predictions look ahead.

        Raises
        ------
        StrategyError
            If a symbol has two predictions for one time.
        """
        keys = pd.DataFrame({"symbol": predictions["symbol"], "open_time": predictions["open_time"]})
        if keys.duplicated().any():
            raise StrategyError(
                f"{int(keys.duplicated().sum())} predictions are there twice for their symbol and time. "
                "Give the predictions of one model only."
            )
        rows = pd.Index(panel.open_time).get_indexer(pd.Index(to_milliseconds(predictions["open_time"])))
        columns = pd.Index(panel.symbols).get_indexer(pd.Index(predictions["symbol"]))
        inside = (rows >= 0) & (columns >= 0)

        def block(name: str) -> FloatArray:
            values = np.full(panel.close.shape, np.nan)
            values[rows[inside], columns[inside]] = predictions[name].to_numpy(dtype=np.float64)[inside]
            return values

        return cls(panel, block("probability"), block("expected_return"), horizon)

    def since(self, row: int, lookback: int) -> "MarketView":
        """The decisions from ``row`` on, with up to ``lookback`` rows before it as context."""
        start = self.warmup + row
        return replace(self[max(0, start - lookback) :], warmup=min(start, lookback))

    def until(self, row: int) -> "MarketView":
        """The decisions before ``row``, with the same context."""
        return self[: self.warmup + row]

    def __getitem__(self, rows: slice) -> "MarketView":
        cut = {
            name: block[rows]
            for name in ("probability", "expected_return")
            if (block := getattr(self, name)) is not None
        }
        panel = self.panel[rows]
        return replace(self, panel=panel, warmup=min(self.warmup, len(panel)), **cut)
