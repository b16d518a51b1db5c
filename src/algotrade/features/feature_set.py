"""Several features computed together: one code for a year of history and for the newest candle."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from algotrade.domain.candles import FloatArray, Panel, from_milliseconds
from algotrade.domain.timeframe import IntArray, Timeframe
from algotrade.errors import ConfigurationError
from algotrade.features.base import FEATURES, Feature
from algotrade.features.batch import Known, fill
from algotrade.features.naming import feature_named
from algotrade.features.newest import Group, by_lookback
from algotrade.features.slower import slower_panel


@dataclass(frozen=True)
class FeatureSet:
    """An ordered tuple of features.

    >>> features = FeatureSet.of(["rsi_14", "hour_sin"])
    >>> features.names
    ('rsi_14', 'hour_sin')
    """

    features: tuple[Feature, ...]

    @classmethod
    def of(cls, names: Sequence[str] | None = None, timeframe: Timeframe | None = None) -> "FeatureSet":
        """The named features in the given order; every one of the registry, by name, for None.

        Parameters
        ----------
        names : sequence of str, optional
            As :func:`~algotrade.features.naming.feature_named` reads them.
        timeframe : Timeframe, optional
            Of the panels; needed where a name holds a timeframe, as ``rsi_14@4h`` does.

        Raises
        ------
        ConfigurationError
            If a name is unknown or there twice, or there is none.

        >>> FeatureSet.of(["rsi14"])
        Traceback (most recent call last):
        algotrade.errors.ConfigurationError: Unknown feature 'rsi14'. Closest are: rsi_14, rsi_7. \
`list(algotrade.features.FEATURES)` shows all.
        """
        chosen = list(FEATURES) if names is None else [str(name) for name in names]
        if not chosen:
            raise ConfigurationError("A feature set needs at least one feature; leave the names out to have them all.")
        twice = sorted({name for name in chosen if chosen.count(name) > 1})
        if twice:
            raise ConfigurationError(f"Features named more than once: {', '.join(twice)}. Name each only once.")
        return cls(tuple(feature_named(name, timeframe) for name in chosen))

    def __len__(self) -> int:
        return len(self.features)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the features, in order."""
        return tuple(feature.name for feature in self.features)

    @property
    def families(self) -> dict[str, tuple[str, ...]]:
        """Names of the features of each family, in order."""
        families: dict[str, list[str]] = {}
        for feature in self.features:
            families.setdefault(feature.family, []).append(feature.name)
        return {family: tuple(names) for family, names in families.items()}

    @property
    def lookback(self) -> int:
        """Candles from which every feature has the value that it has on all history."""
        return max(feature.reach for feature in self.features)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the features, their parameters and their code; equal means interchangeable."""
        return hashlib.sha256("\n".join(feature.fingerprint for feature in self.features).encode()).hexdigest()

    def computable(self, panel: Panel) -> "FeatureSet":
        """The features whose data the panel has, for at least one candle of one symbol.

        Raises
        ------
        ConfigurationError
            If none is left.
        """
        known = {name: bool(np.isfinite(getattr(panel, name)).any()) for each in self.features for name in each.needs}
        left = tuple(each for each in self.features if all(known[name] for name in each.needs))
        if not left:
            missing = ", ".join(sorted(name for name, there in known.items() if not there))
            raise ConfigurationError(f"Every one of the features needs data that these candles lack: {missing}.")
        return FeatureSet(left)

    def matrix(self, panel: Panel) -> FloatArray:
        """Every feature of every symbol on every row, shape ``(n, symbols, features)``.

        NaN where the symbol has no candle or too few before it. The values of one feature of one symbol lie in one
        piece.
        """
        values = np.empty((len(panel.symbols), len(self), len(panel)))
        whole = np.asarray(panel.present.all(axis=0))
        blocks = [
            block if whole[column] else np.empty((len(self), int(panel.present[:, column].sum())))
            for column, block in enumerate(values)
        ]
        fill(self.features, panel, blocks)
        for column in np.flatnonzero(~whole):
            values[column] = np.nan
            values[column][:, panel.present[:, column]] = blocks[column]
        return values.transpose(2, 0, 1)

    def latest(self, panel: Panel) -> FloatArray:
        """The last row of :meth:`matrix`, from no more candles than it takes, shape ``(symbols, features)``.

        A panel of the last ``lookback`` rows is enough; a symbol with gaps in it needs as many rows more.
        """
        values = np.full((len(panel.symbols), len(self)), np.nan)
        here = np.flatnonzero(panel.present[-1])
        if groups := self._of_symbols:
            window = panel.needed(groups[-1].count)
            for column in here:
                candles = window.candles(panel.symbols[column])
                for group in groups:
                    values[column, group.places] = group.last(candles)
        for group in self._of_panel:
            values[here[:, None], group.places] = group.last(panel)[:, here].T
        for multiple, (places, slower) in self._slower.items():
            slow = slower_panel(panel.needed(slower.lookback * multiple + multiple - 1), multiple)
            if len(slow):
                values[here[:, None], places] = slower.latest(slow)[here]
        return values

    def to_frame(self, panel: Panel, known: Known | None = None) -> pd.DataFrame:
        """Long frame with ``symbol``, ``open_time`` and a column for each feature, one row for each candle.

        Sorted by symbol and open time.

        Parameters
        ----------
        panel : Panel
        known : callable, optional
            From a feature's name and a symbol to the values of its candles, where they need not be computed again.
        """
        counts = panel.present.sum(axis=0)
        order = sorted(range(len(panel.symbols)), key=panel.symbols.__getitem__)
        stops = dict(zip(order, np.cumsum(counts[order]), strict=True))
        values = np.empty((len(self), int(counts.sum())))
        blocks = [values[:, stops[column] - counts[column] : stops[column]] for column in range(len(counts))]
        fill(self.features, panel, blocks, known)
        frame = pd.DataFrame(values.T, columns=list(self.names), copy=False)
        times = np.concatenate([panel.open_time[panel.present[:, column]] for column in order])
        frame.insert(0, "symbol", np.repeat([panel.symbols[column] for column in order], counts[order]))
        frame.insert(1, "open_time", from_milliseconds(times))
        return frame

    def _scoped(self, scope: str) -> list[tuple[int, Feature]]:
        return [(k, each) for k, each in enumerate(self.features) if each.scope == scope and each.multiple == 1]

    @cached_property
    def _of_symbols(self) -> list[Group]:
        return by_lookback(self._scoped("symbol"))

    @cached_property
    def _of_panel(self) -> list[Group]:
        return by_lookback(self._scoped("panel"))

    @cached_property
    def _slower(self) -> "dict[int, tuple[IntArray, FeatureSet]]":
        """For each slower timeframe the places of its features, and the features on its own candles."""
        groups: dict[int, list[int]] = {}
        for place, feature in enumerate(self.features):
            if feature.multiple > 1:
                groups.setdefault(feature.multiple, []).append(place)
        return {
            multiple: (np.array(places), FeatureSet(tuple(replace(self.features[k], multiple=1) for k in places)))
            for multiple, places in groups.items()
        }
