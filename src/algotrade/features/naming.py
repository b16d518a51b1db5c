"""From the name in a configuration to a feature: ``rsi_14``, ``rsi_14@4h``, ``rsi_14@4x``."""

import difflib
import re
from functools import lru_cache

import numpy as np

from algotrade.domain.candles import BoolArray
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import ConfigurationError
from algotrade.features.base import FEATURES, Feature

_MULTIPLE = re.compile(r"([1-9]\d{0,3})x")


def feature_named(name: str, timeframe: Timeframe | None = None) -> Feature:
    """Feature of a name.

    Parameters
    ----------
    name : str
        Of the registry; with ``@4x`` behind it the feature of candles four times as long, with ``@4h`` that of
        candles of four hours.
    timeframe : Timeframe, optional
        Of the panel; needed for names with a timeframe in them.

    Raises
    ------
    ConfigurationError
        If the name is unknown, or the slower candles are not made of whole ones of the panel.

    >>> feature_named("rsi_14@4x").reach == 4 * FEATURES["rsi_14"].lookback + 3
    True
    >>> feature_named("rsi_14@1d", Timeframe("1h")).multiple
    24
    """
    plain, at, slower = name.partition("@")
    if plain not in FEATURES:
        closest = difflib.get_close_matches(plain, FEATURES, n=2, cutoff=0.4)
        hint = f"Closest are: {', '.join(closest)}. " if closest else ""
        raise ConfigurationError(f"Unknown feature {plain!r}. {hint}`list(algotrade.features.FEATURES)` shows all.")
    return FEATURES[plain].slower(_multiple(name, slower, timeframe), name) if at else FEATURES[plain]


@lru_cache(maxsize=16)
def required_features(names: tuple[str, ...]) -> BoolArray:
    """Which features every candle has after their warm-up, shape ``(F,)``; the others need data that may be missing.

    A name that is not of the registry counts as required.

    >>> required_features(("rsi_14", "taker_buy_imbalance_12", "taker_buy_imbalance_12@4x")).tolist()
    [True, False, False]
    """
    plain = [name.partition("@")[0] for name in names]
    required = np.array([name not in FEATURES or not FEATURES[name].needs for name in plain], dtype=np.bool_)
    required.flags.writeable = False
    return required


def _multiple(name: str, slower: str, timeframe: Timeframe | None) -> int:
    if match := _MULTIPLE.fullmatch(slower):
        multiple = int(match[1])
    elif timeframe is None:
        raise ConfigurationError(
            f"Feature {name!r} names a timeframe, but that of the candles is not known here. "
            f"Write how many times as long the candles are instead, as in {name.partition('@')[0]}@4x."
        )
    else:
        multiple, rest = divmod(Timeframe(slower).milliseconds, timeframe.milliseconds)
        multiple = 0 if rest else multiple
    if multiple < 2:
        raise ConfigurationError(
            f"Feature {name!r} is not of a slower timeframe: after the @ stands a multiple of the candles' own "
            f"{timeframe or 'timeframe'}, as in @4x or @1d, at least two times as long."
        )
    return multiple
