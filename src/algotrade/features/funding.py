"""What it costs to hold a perpetual, and how far it trades from the spot market.

The funding rate of a row is the last one that was settled by its close. Windows count candles, so that a mean weighs
each rate by the time for which it stood, and contracts that settle at other hours compare.
"""

from functools import lru_cache

import numpy as np

from algotrade.domain.candles import Candles, FloatArray, Panel
from algotrade.domain.symbol import is_perpetual
from algotrade.features.bar_kernels import rolling_mean, scaled_by_root
from algotrade.features.base import feature, lagged_difference
from algotrade.features.derived import derived, sum_of_squares
from algotrade.features.panel_formulas import rolling_score
from algotrade.features.panel_kernels import lagged, mean_across, where_known
from algotrade.features.ranking import rank_across
from algotrade.features.window_formulas import standard_score

_FAMILY = "funding"
_RATE = "fraction of the notional"
_FUNDING = ("funding_rate",)
_COUNTERPART = ("counterpart_close",)
_HOLE = "NaN where any candle of the window has no rate."
_SPARSE = "A row on which either of the two has no candle has no value; NaN with less than half of the window."


@feature(family=_FAMILY, unit=_RATE, lookback=1, needs=_FUNDING)
def funding_rate(candles: Candles) -> FloatArray:
    r"""Rate that was settled last: positive when the long side pays.

    .. math:: f_t

    References
    ----------
    .. [1] He, S., Manela, A., Ross, O. and von Wachter, V. (2022). Fundamentals of perpetual futures.
    """
    return candles.funding_rate


@feature(family=_FAMILY, unit=_RATE, windows=(72,), lookback=lambda w: w, needs=_FUNDING, missing=_HOLE)
def funding_mean(candles: Candles, window: int) -> FloatArray:
    r"""Mean rate over the window, each weighted by the time for which it was the last.

    .. math:: \bar f

    References
    ----------
    .. [1] He, S., Manela, A., Ross, O. and von Wachter, V. (2022). Fundamentals of perpetual futures.
    """
    return _funding_over(candles, window)


@feature(family=_FAMILY, unit=_RATE, windows=(24,), lookback=lambda w: w + 1, needs=_FUNDING)
def funding_change(candles: Candles, window: int) -> FloatArray:
    r"""Change of the rate over the window.

    .. math:: f_t - f_{t-w}

    References
    ----------
    .. [1] Schmeling, M., Schrimpf, A. and Todorov, K. (2023). Crypto carry.
    """
    return lagged_difference(candles.funding_rate, window)


@feature(
    family=_FAMILY,
    unit="standard deviations",
    windows=(168,),
    lookback=lambda w: w,
    needs=_FUNDING,
    missing=f"0 where the rate is constant. {_HOLE}",
)
def funding_z(candles: Candles, window: int) -> FloatArray:
    r"""z-score of the rate in its window: crowded when far from 0.

    .. math:: (f_t - \bar f) / s_f

    References
    ----------
    .. [1] Schmeling, M., Schrimpf, A. and Todorov, K. (2023). Crypto carry.
    """
    return standard_score(candles.funding_rate, window)


@feature(
    family=_FAMILY,
    unit="ratio",
    windows=(72,),
    lookback=lambda w: w + 1,
    needs=_FUNDING,
    missing=f"0 where the price stands still. {_HOLE}",
)
def carry_to_risk(candles: Candles, window: int) -> FloatArray:
    r"""What a short position is paid at each settlement, by the risk of a candle.

    .. math:: \bar f / \sqrt{\overline{r^2}}

    References
    ----------
    .. [1] Koijen, R., Moskowitz, T., Pedersen, L. and Vrugt, E. (2018). Carry.
    """
    return scaled_by_root(_funding_over(candles, window), sum_of_squares(candles, window), 1 / window)


@feature(family=_FAMILY, unit="0 to 1", scope="panel", lookback=1, needs=_FUNDING)
def funding_rank(panel: Panel) -> FloatArray:
    r"""Rank of the rate among the symbols, equals counted half.

    .. math:: \frac{\#\{j : f_j < f_i\} + \frac{1}{2} \#\{j : f_j = f_i\}}{S}

    References
    ----------
    .. [1] Koijen, R., Moskowitz, T., Pedersen, L. and Vrugt, E. (2018). Carry.
    """
    return rank_across(_funding(panel))


@feature(family=_FAMILY, unit=_RATE, scope="panel", lookback=1, needs=_FUNDING)
def relative_funding(panel: Panel) -> FloatArray:
    r"""Rate less the mean of the symbols that have one.

    .. math:: f_i - \frac{1}{S} \sum_j f_j

    References
    ----------
    .. [1] Koijen, R., Moskowitz, T., Pedersen, L. and Vrugt, E. (2018). Carry.
    """
    rates = _funding(panel)
    return rates - mean_across(rates.T)[:, None]


@feature(family=_FAMILY, unit="log ratio", scope="panel", lookback=1, needs=_COUNTERPART)
def basis(panel: Panel) -> FloatArray:
    r"""Log of the perpetual's close over that of its spot pair, for either of the two.

    .. math:: \ln(C^{perpetual}_t / C^{spot}_t)

    Both must be in the panel, as ``BTC/USDT:USDT`` and ``BTC/USDT``, quoted in one unit.

    References
    ----------
    .. [1] Schmeling, M., Schrimpf, A. and Todorov, K. (2023). Crypto carry.
    """
    return _basis(panel)


@feature(
    family=_FAMILY,
    unit="log ratio",
    scope="panel",
    windows=(12,),
    lookback=lambda w: w + 1,
    needs=_COUNTERPART,
)
def basis_change(panel: Panel, window: int) -> FloatArray:
    r"""Change of the basis over the window.

    .. math:: b_t - b_{t-w}, \qquad b = \ln(C^{perpetual} / C^{spot})

    References
    ----------
    .. [1] Schmeling, M., Schrimpf, A. and Todorov, K. (2023). Crypto carry.
    """
    return lagged(_basis(panel).T, window).T


@feature(
    family=_FAMILY,
    unit="standard deviations",
    scope="panel",
    windows=(168,),
    lookback=lambda w: w,
    needs=_COUNTERPART,
    missing=f"0 where the basis is constant. {_SPARSE}",
)
def basis_z(panel: Panel, window: int) -> FloatArray:
    r"""z-score of the basis in its window.

    .. math:: (b_t - \bar b) / s_b, \qquad b = \ln(C^{perpetual} / C^{spot})

    References
    ----------
    .. [1] Schmeling, M., Schrimpf, A. and Todorov, K. (2023). Crypto carry.
    """
    return rolling_score(_basis(panel).T, window, window // 2).T


@derived
def _basis(panel: Panel) -> FloatArray:
    """Log of the perpetual's close over the spot pair's for either, shape ``(n, symbols)``; NaN without the other."""
    return _sides(panel.symbols) * np.log(panel.close / panel.counterpart_close)


@lru_cache(maxsize=16)
def _sides(symbols: tuple[str, ...]) -> FloatArray:
    """1 for each perpetual, -1 for each spot pair."""
    return np.array([1.0 if is_perpetual(symbol) else -1.0 for symbol in symbols])


@derived
def _funding_over(candles: Candles, window: int) -> FloatArray:
    """Mean rate over the window."""
    return rolling_mean(candles.funding_rate, window)


@derived
def _funding(panel: Panel) -> FloatArray:
    """Rate of each symbol that has a candle, shape ``(n, symbols)``, each symbol's series in one piece."""
    return where_known(panel.funding_rate.T, panel.close.T).T
