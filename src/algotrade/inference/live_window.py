"""The newest feature rows of several instruments, kept up to date by computing no more than a new candle changes."""

import numpy as np

from algotrade.data.online_store import FeatureVectors
from algotrade.domain.candles import BoolArray, FloatArray, Panel
from algotrade.domain.timeframe import IntArray, Timeframe
from algotrade.features import FeatureSet
from algotrade.inference.candle_window import CandleWindow, Change


class LiveFeatures:
    """The last rows of each instrument's features, equal to those that the matrix over all history has.

    The candle of one close changes one row: features of one instrument are computed anew for the instruments that have
    it, features across instruments for all that are there. Whatever reaches further back, such as a corrected candle or
    what was missed while nothing was connected, is computed from there on.

    Parameters
    ----------
    features : FeatureSet
    timeframe : Timeframe
    symbols : tuple of str
    rows : int
        How many of each instrument to keep.
    """

    def __init__(self, features: FeatureSet, timeframe: Timeframe, symbols: tuple[str, ...], rows: int) -> None:
        self._features = features
        self._rows = rows
        # Twice what is needed without gaps: an instrument with gaps looks further back.
        self.candles = CandleWindow(timeframe, symbols, 2 * (features.lookback + rows))
        self._own = _some_of(features, "symbol")
        self._across = _some_of(features, "panel")
        self._known: dict[str, FeatureVectors] = {}

    def update(self, change: Change) -> list[FeatureVectors]:
        """The rows of those instruments that a change of candles concerns."""
        panel = self.candles.panel()
        first = int(np.searchsorted(panel.open_time, change.since_ms))
        if first == len(panel) - 1:
            values = self._newest(panel, change.columns)[np.newaxis]
        else:
            values = self._features.matrix(panel[self._first_needed(panel, first) :])
        concerned = change.columns if self._across is None else np.ones_like(change.columns)
        return self._merged(panel[first:], values, concerned)

    def _newest(self, panel: Panel, changed: BoolArray) -> FloatArray:
        """The newest row of each instrument that has one, shape ``(symbols, F)``."""
        values = np.full((len(panel.symbols), len(self._features)), np.nan)
        here = changed & panel.present[-1]
        if self._own is not None:
            places, features = self._own
            for column in np.flatnonzero(~changed & panel.present[-1]):
                # A row that is there without its candle having changed was computed when it came.
                values[column] = self._known[panel.symbols[column]].values[-1]
            part = panel if here.all() else self.candles.panel(here)
            values[np.ix_(here, places)] = features.latest(part)[here if here.all() else slice(None)]
        if self._across is not None:
            places, features = self._across
            values[:, places] = features.latest(panel)
        return values

    def _first_needed(self, panel: Panel, first: int) -> int:
        """First row that the rows from ``first`` on look back to; earlier where an instrument has gaps."""
        count = self._features.lookback + min(self._rows, len(panel) - first)
        there = panel.present[:, panel.present[first:].any(axis=0)]
        enough = [int(np.flatnonzero(present)[-count:][0]) for present in there.T]
        return min([max(0, len(panel) - count), *enough])

    def _merged(self, panel: Panel, values: FloatArray, concerned: BoolArray) -> list[FeatureVectors]:
        """Known rows followed by those computed for the panel's last rows, of each instrument that has one of these."""
        found = []
        for column in np.flatnonzero(concerned & panel.present.any(axis=0)):
            rows = np.flatnonzero(panel.present[:, column])[-self._rows :]
            symbol = panel.symbols[column]
            self._known[symbol] = self._after(symbol, panel.open_time[rows], values[rows - len(panel), column])
            found.append(self._known[symbol])
        return found

    def _after(self, symbol: str, times: IntArray, values: FloatArray) -> FeatureVectors:
        before = self._known.get(symbol)
        if before is None:
            return FeatureVectors(symbol, times.copy(), values.copy())
        earlier = before.open_time_ms < times[0]
        joined = np.concatenate([before.open_time_ms[earlier], times])[-self._rows :]
        return FeatureVectors(symbol, joined, np.concatenate([before.values[earlier], values])[-self._rows :])


def _some_of(features: FeatureSet, scope: str) -> tuple[list[int], FeatureSet] | None:
    """The features of one scope and their places; None if there are none."""
    places = [place for place, feature in enumerate(features.features) if feature.scope == scope]
    return (places, FeatureSet(tuple(features.features[place] for place in places))) if places else None
