"""What a reader got: the vectors it may use, and apart from them those that are too old for it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from algotrade.data.online_store.vectors import FeatureVectors
from algotrade.domain.timeframe import Timeframe


@dataclass(frozen=True, eq=False)
class Batch(Mapping[str, FeatureVectors]):
    """The vectors of one feature set for the symbols that were asked for; as a mapping, those that are fresh.

    Attributes
    ----------
    timeframe : Timeframe
    fresh : dict of str to FeatureVectors
        By symbol: no older than was asked for, in the order asked; all of them where nothing was asked.
    stale : dict of str to FeatureVectors
        Older ones. They are no items of the mapping: whoever wants them has to say so.
    absent : tuple of str
        Symbols for which nothing is published, or no longer.
    fingerprint : str or None
        Of the feature set that made all of them; None where nothing is published.
    read_time_ms : int
        By the reader's clock, milliseconds since the epoch.
    max_age : float or None
        Age in candles beyond which a vector is stale; None for no limit.
    packed_names : bytes
        JSON list of the feature names, read when they are asked for.
    """

    timeframe: Timeframe
    fresh: dict[str, FeatureVectors]
    stale: dict[str, FeatureVectors]
    absent: tuple[str, ...]
    fingerprint: str | None
    read_time_ms: int
    max_age: float | None = None
    packed_names: bytes = b"[]"

    def __getitem__(self, symbol: str) -> FeatureVectors:
        return self.fresh[symbol]

    def __iter__(self) -> Iterator[str]:
        return iter(self.fresh)

    def __len__(self) -> int:
        return len(self.fresh)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the features, in order."""
        return tuple(json.loads(self.packed_names))

    def age(self, symbol: str) -> float:
        """Candles since the newest candle of ``symbol`` closed, fresh or stale.

        Up to 1 where no later candle can have closed yet; negative where the reader's clock is behind the exchange's.

        Raises
        ------
        KeyError
            If nothing was read for the symbol.
        """
        found = self.fresh[symbol] if symbol in self.fresh else self.stale[symbol]
        return age_in_candles(found, self.timeframe, self.read_time_ms)

    def missing(self, symbol: str) -> tuple[str, ...]:
        """Names of the features that have no value in the newest row of a fresh symbol."""
        return tuple(self.names[column] for column in np.flatnonzero(self.fresh[symbol].missing))


def age_in_candles(vectors: FeatureVectors, timeframe: Timeframe, time_ms: int) -> float:
    """Candles from the close of the newest candle until a time.

    >>> hour = FeatureVectors("BTC/USDT", np.array([0]), np.zeros((1, 1)))
    >>> age_in_candles(hour, Timeframe("1h"), 3 * 3_600_000)
    2.0
    """
    return (time_ms - int(vectors.open_time_ms[-1])) / timeframe.milliseconds - 1
