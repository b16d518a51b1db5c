"""How much is traded, on which side, and what it does to the price."""

import numpy as np

from algotrade.domain.candles import Candles, FloatArray
from algotrade.features.base import feature, lagged_log_ratio, ratio
from algotrade.features.kernels import rolling_moments, rolling_regression, rolling_sum

_FAMILY = "volume"
_LONG = 168


@feature(family=_FAMILY, unit="standard deviations", windows=(24, 96), lookback=lambda w: w)
def volume_z(candles: Candles, window: int) -> FloatArray:
    r"""z-score of the volume in its window; 0 when it is constant.

    .. math:: (V_t - \bar V) / s_V

    References
    ----------
    .. [1] Karpoff, J. (1987). The relation between price changes and trading volume.
    """
    mean, deviation = rolling_moments(candles.volume, window)
    return ratio(candles.volume - mean, deviation)


@feature(family=_FAMILY, unit="log ratio", windows=(12,), lookback=lambda _: _LONG)
def relative_quote_volume(candles: Candles, window: int) -> FloatArray:
    r"""Log of one plus the recent turnover by the usual one of 168 candles.

    .. math:: \ln\left(1 + \overline{Q}_w / \overline{Q}_{168}\right), \qquad Q = V (H + L + C) / 3

    References
    ----------
    .. [1] Gervais, S., Kaniel, R. and Mingelgrin, D. (2001). The high-volume return premium.
    """
    turnover = _turnover(candles)
    return np.log1p(ratio(rolling_sum(turnover, window) / window, rolling_sum(turnover, _LONG) / _LONG, neutral=1.0))


@feature(family=_FAMILY, unit="-1 to 1", windows=(20,), lookback=lambda w: w + 1)
def obv_change(candles: Candles, window: int) -> FloatArray:
    r"""Change of the on-balance volume over the window by the volume traded in it.

    .. math:: \frac{\sum \operatorname{sign}(r) V}{\sum V}

    References
    ----------
    .. [1] Granville, J. (1963). Granville's new key to stock market profits.
    """
    signed = np.sign(lagged_log_ratio(candles.close, 1)) * candles.volume
    return ratio(rolling_sum(signed, window), rolling_sum(candles.volume, window))


@feature(family=_FAMILY, unit="log ratio", windows=(12,), lookback=lambda _: _LONG + 1)
def amihud_ratio(candles: Candles, window: int) -> FloatArray:
    r"""Log of the recent over the usual price impact, each the distance travelled by the turnover.

    .. math:: \ln \frac{\sum_w |r| / \sum_w Q}{\sum_{168} |r| / \sum_{168} Q}

    Clipped to three in both directions; 0 when nothing moves or trades.

    References
    ----------
    .. [1] Amihud, Y. (2002). Illiquidity and stock returns.
    """
    sizes, turnover = np.abs(lagged_log_ratio(candles.close, 1)), _turnover(candles)
    impact = rolling_sum(sizes, window) * rolling_sum(turnover, _LONG)
    usual = rolling_sum(sizes, _LONG) * rolling_sum(turnover, window)
    return np.log(np.clip(ratio(impact, usual, neutral=1.0), np.exp(-3.0), np.exp(3.0)))


@feature(family=_FAMILY, unit="-0.5 to 0.5", windows=(1, 4, 12, 24), lookback=lambda w: w)
def taker_buy_imbalance(candles: Candles, window: int) -> FloatArray:
    r"""Share of the volume that takers bought, less a half.

    .. math:: \frac{\sum V^{buy}}{\sum V} - \frac{1}{2}

    A candle whose source does not tell, or without volume, counts as balanced: where nothing is known the value is 0.

    References
    ----------
    .. [1] Chordia, T. and Subrahmanyam, A. (2004). Order imbalance and individual stock returns.
    """
    bought = np.where(np.isnan(candles.taker_buy_volume), candles.volume / 2, candles.taker_buy_volume)
    return ratio(rolling_sum(bought, window), rolling_sum(candles.volume, window), neutral=0.5) - 0.5


@feature(family=_FAMILY, unit="-1 to 1", windows=(48,), lookback=lambda w: w + 1)
def volume_return_correlation(candles: Candles, window: int) -> FloatArray:
    r"""Correlation of the volume with the return: positive when rises draw the crowd.

    .. math:: \operatorname{corr}(V, r)

    References
    ----------
    .. [1] Llorente, G., Michaely, R., Saar, G. and Wang, J. (2002). Dynamic volume-return relation.
    """
    correlation, _ = rolling_regression(lagged_log_ratio(candles.close, 1), candles.volume, window, window)
    return correlation


@feature(family=_FAMILY, unit="log ratio", windows=(24,), lookback=lambda w: w)
def vwap_distance(candles: Candles, window: int) -> FloatArray:
    r"""Log distance of the close from the volume-weighted price of the window; 0 without volume.

    .. math:: \ln\left(C_t \sum V / \sum P V\right), \qquad P = (H + L + C) / 3

    References
    ----------
    .. [1] Berkowitz, S., Logue, D. and Noser, E. (1988). The total cost of transactions on the NYSE.
    """
    weighted = rolling_sum(_turnover(candles), window)
    return np.log(ratio(candles.close * rolling_sum(candles.volume, window), weighted, neutral=1.0))


def _turnover(candles: Candles) -> FloatArray:
    """Quote volume as every source can give it."""
    return candles.volume * (candles.high + candles.low + candles.close) / 3
