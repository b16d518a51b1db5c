"""What a series of feature values was made of: the same digest, the same numbers."""

import hashlib
from dataclasses import fields
from importlib.metadata import version

from algotrade.domain.candles import Candles, Panel
from algotrade.features.base import Feature
from algotrade.features.feature_set import FeatureSet

_COMPUTED_WITH = ("numba", "numpy", "ta-lib")


def series_digests(features: FeatureSet, panel: Panel) -> dict[str, dict[str, str]]:
    """For each feature and symbol a digest of all that its values depend on.

    Of the feature itself, of the candles it is computed from (those of the symbol, or of every symbol where the
    others count, too), and of the libraries that compute it.

    Returns
    -------
    dict of dict of str
        16 hexadecimal digits, by feature name and symbol.
    """
    candles = {symbol: candle_digest(panel.candles(symbol)) for symbol in panel.symbols}
    libraries = " ".join(f"{name} {version(name)}" for name in _COMPUTED_WITH)
    everything = " ".join([str(panel.timeframe), *panel.symbols, *candles.values()])
    return {
        feature.name: {
            symbol: _short(feature.fingerprint, libraries, digest if _stands_alone(feature) else everything)
            for symbol, digest in candles.items()
        }
        for feature in features.features
    }


def candle_digest(candles: Candles) -> str:
    """SHA-256 of the times and numbers of one symbol's candles."""
    digest = hashlib.sha256()
    for each in fields(candles):
        digest.update(getattr(candles, each.name).tobytes())
    return digest.hexdigest()


def _stands_alone(feature: Feature) -> bool:
    """Whether a symbol's values depend on its own candles only; slower ones begin where the panel does."""
    return feature.scope == "symbol" and feature.multiple == 1


def _short(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
