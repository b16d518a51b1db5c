"""Several features computed together: one code for a year of history and for the newest candle."""

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from algotrade.domain.candles import FloatArray, Panel, from_milliseconds
from algotrade.errors import ConfigurationError
from algotrade.features.base import FEATURES, Feature, evaluate
from algotrade.features.fingerprint import code_digest

# Turning a block in pieces that fit the cache takes a third of the time of turning it at once.
_ROWS_AT_ONCE = 512


@dataclass(frozen=True)
class FeatureSet:
    """An ordered tuple of features.

    >>> features = FeatureSet.of(["rsi_14", "hour_sin"])
    >>> features.names
    ('rsi_14', 'hour_sin')
    """

    features: tuple[Feature, ...]

    @classmethod
    def of(cls, names: Sequence[str] | None = None) -> "FeatureSet":
        """The named features in the given order; all of them, by name, for None.

        Raises
        ------
        ConfigurationError
            If a name is unknown or there twice, or there is none.

        >>> FeatureSet.of(["rsi14"])
        Traceback (most recent call last):
        algotrade.errors.ConfigurationError: Unknown feature 'rsi14'. Closest are: rsi_14, rsi_7. \
`list(algotrade.features.FEATURES)` shows all.
        """
        chosen = list(FEATURES) if names is None else list(names)
        if not chosen:
            raise ConfigurationError("A feature set needs at least one feature; leave the names out to have them all.")
        twice = sorted({name for name in chosen if chosen.count(name) > 1})
        if twice:
            raise ConfigurationError(f"Features named more than once: {', '.join(twice)}. Name each only once.")
        for name in chosen:
            if name not in FEATURES:
                closest = difflib.get_close_matches(str(name), FEATURES, n=2, cutoff=0.4)
                hint = f"Closest are: {', '.join(closest)}. " if closest else ""
                raise ConfigurationError(
                    f"Unknown feature {name!r}. {hint}`list(algotrade.features.FEATURES)` shows all."
                )
        return cls(tuple(FEATURES[name] for name in chosen))

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
        return max(feature.lookback for feature in self.features)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the features, their parameters and their code; equal means interchangeable."""
        specification = "\n".join(
            f"{feature.name} {feature.window} {feature.lookback} {feature.scope}" for feature in self.features
        )
        return code_digest([evaluate, *(feature.function for feature in self.features)], specification)

    def matrix(self, panel: Panel) -> FloatArray:
        """Every feature of every symbol on every row, shape ``(n, symbols, features)``.

        NaN where the symbol has no candle or too few before it.
        """
        values = np.empty((len(panel), len(panel.symbols), len(self)))
        for column, block in enumerate(self._blocks(panel)):
            for start in range(0, len(panel), _ROWS_AT_ONCE):
                rows = slice(start, start + _ROWS_AT_ONCE)
                values[rows, column] = block[:, rows].T
        return values

    def latest(self, panel: Panel) -> FloatArray:
        """The last row of :meth:`matrix`, from the last ``lookback`` candles only, shape ``(symbols, features)``.

        A panel of the last ``lookback`` rows is enough; a symbol with gaps in it needs as many rows more.
        """
        values = np.full((len(panel.symbols), len(self)), np.nan)
        for column, symbol in enumerate(panel.symbols):
            if not panel.present[-1, column]:
                continue
            candles = panel.candles(symbol)
            for row, feature in self._scoped("symbol"):
                values[column, row] = feature.compute(candles[-feature.lookback :])[-1]
        for row, feature in self._scoped("panel"):
            values[:, row] = feature.compute(panel[-feature.lookback :])[-1]
        values[~panel.present[-1]] = np.nan
        return values

    def to_frame(self, panel: Panel) -> pd.DataFrame:
        """Long frame with ``symbol``, ``open_time`` and a column for each feature, one row for each candle.

        Sorted by symbol and open time.
        """
        present = panel.present
        frames = {
            symbol: pd.DataFrame(block[:, rows].T, columns=list(self.names)).assign(
                symbol=symbol, open_time=from_milliseconds(panel.open_time[rows])
            )
            for symbol, block, rows in zip(panel.symbols, self._blocks(panel), present.T, strict=True)
        }
        frame = pd.concat([frames[symbol] for symbol in sorted(frames)], ignore_index=True)
        return frame[["symbol", "open_time", *self.names]]

    def _scoped(self, scope: str) -> list[tuple[int, Feature]]:
        return [(row, feature) for row, feature in enumerate(self.features) if feature.scope == scope]

    def _blocks(self, panel: Panel) -> Iterator[FloatArray]:
        """Values of one symbol after the other, each of shape ``(features, n)``: contiguous as they are computed."""
        of_panel = {row: feature.compute(panel) for row, feature in self._scoped("panel")}
        for column, symbol in enumerate(panel.symbols):
            present = panel.present[:, column]
            rows = slice(None) if present.all() else present
            candles = panel.candles(symbol)
            block = np.full((len(self), len(panel)), np.nan)
            for row, feature in self._scoped("symbol"):
                block[row, rows] = feature.compute(candles)
            for row, values in of_panel.items():
                block[row, rows] = values[rows, column]
            yield block
