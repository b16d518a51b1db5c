"""How much is traded, how evenly, and when."""

from algotrade.domain.candles import Candles, FloatArray
from algotrade.features.bar_kernels import log_share
from algotrade.features.base import feature
from algotrade.features.derived import (
    absolute_returns,
    log_returns,
    return_signs,
    turnover_over,
    volume_over,
)
from algotrade.features.market_kernels import rolling_correlation, rolling_entropy
from algotrade.features.window_formulas import log_of_one_and_share, share_of_zeros, standard_score, sum_by

_FAMILY = "volume"
_LONG = 168


@feature(
    family=_FAMILY,
    unit="standard deviations",
    windows=(24, 96),
    lookback=lambda w: w,
    missing="0 where the volume is constant, as in a window without volume.",
)
def volume_z(candles: Candles, window: int) -> FloatArray:
    r"""z-score of the volume in its window.

    .. math:: (V_t - \bar V) / s_V

    References
    ----------
    .. [1] Karpoff, J. (1987). The relation between price changes and trading volume.
    """
    return standard_score(candles.volume, window)


@feature(
    family=_FAMILY,
    unit="log ratio",
    windows=(12,),
    lookback=lambda _: _LONG,
    missing="ln 2, as in a usual window, where nothing was traded for 168 candles.",
)
def relative_quote_volume(candles: Candles, window: int) -> FloatArray:
    r"""Log of one plus the recent turnover by the usual one of 168 candles.

    .. math:: \ln\left(1 + \overline{Q}_w / \overline{Q}_{168}\right), \qquad Q = V (H + L + C) / 3

    References
    ----------
    .. [1] Gervais, S., Kaniel, R. and Mingelgrin, D. (2001). The high-volume return premium.
    """
    recent, usual = turnover_over(candles, window), turnover_over(candles, _LONG)
    return log_of_one_and_share(recent, usual, _LONG / window)


@feature(
    family=_FAMILY,
    unit="-1 to 1",
    windows=(20,),
    lookback=lambda w: w + 1,
    missing="0 without volume in the window; a candle without a move counts on neither side.",
)
def obv_change(candles: Candles, window: int) -> FloatArray:
    r"""Change of the on-balance volume over the window by the volume traded in it.

    .. math:: \frac{\sum \operatorname{sign}(r) V}{\sum V}

    References
    ----------
    .. [1] Granville, J. (1963). Granville's new key to stock market profits.
    """
    return sum_by(return_signs(candles) * candles.volume, volume_over(candles, window), window, 0.0)


@feature(
    family=_FAMILY,
    unit="-1 to 1",
    windows=(48,),
    lookback=lambda w: w + 1,
    missing="0 where the volume or the price stands still over the window.",
)
def volume_return_correlation(candles: Candles, window: int) -> FloatArray:
    r"""Correlation of the volume with the return: positive when rises draw the crowd.

    .. math:: \operatorname{corr}(V, r)

    References
    ----------
    .. [1] Llorente, G., Michaely, R., Saar, G. and Wang, J. (2002). Dynamic volume-return relation.
    """
    return rolling_correlation(log_returns(candles), candles.volume, 0, window)


@feature(
    family=_FAMILY,
    unit="-1 to 1",
    windows=(48,),
    lookback=lambda w: w + 1,
    missing="0 where the volume or the size of the moves is constant over the window.",
)
def volume_size_correlation(candles: Candles, window: int) -> FloatArray:
    r"""Correlation of the volume with the size of the return: low when the price moves without the crowd.

    .. math:: \operatorname{corr}(V, |r|)

    References
    ----------
    .. [1] Karpoff, J. (1987). The relation between price changes and trading volume.
    """
    return rolling_correlation(absolute_returns(candles), candles.volume, 0, window)


@feature(
    family=_FAMILY,
    unit="log ratio",
    windows=(24,),
    lookback=lambda w: w,
    missing="0 without volume in the window.",
)
def vwap_distance(candles: Candles, window: int) -> FloatArray:
    r"""Log distance of the close from the volume-weighted price of the window.

    .. math:: \ln\left(C_t \sum V / \sum P V\right), \qquad P = (H + L + C) / 3

    References
    ----------
    .. [1] Berkowitz, S., Logue, D. and Noser, E. (1988). The total cost of transactions on the NYSE.
    """
    at_close = candles.close * volume_over(candles, window)
    return log_share(at_close, turnover_over(candles, window), 1.0, 0.0)


@feature(
    family=_FAMILY,
    unit="0 to 1",
    windows=(48,),
    lookback=lambda w: w,
    missing="1 without volume in the window; a candle without volume has no share.",
)
def volume_entropy(candles: Candles, window: int) -> FloatArray:
    r"""How evenly the volume spreads over the window: 1 for equal candles, 0 for all of it in one.

    .. math:: -\frac{1}{\ln w} \sum p \ln p, \qquad p = V / \sum V

    References
    ----------
    .. [1] Shannon, C. (1948). A mathematical theory of communication.
    """
    return rolling_entropy(candles.volume, window)


@feature(
    family=_FAMILY,
    unit="0 to 1",
    windows=(48,),
    lookback=lambda w: w,
    missing="It is what tells of candles without volume; a candle that is missing altogether does not count.",
)
def zero_volume_share(candles: Candles, window: int) -> FloatArray:
    r"""Share of the candles in which nothing was traded.

    .. math:: \frac{1}{w} \#\{k < w : V_{t-k} = 0\}

    References
    ----------
    .. [1] Lesmond, D., Ogden, J. and Trzcinka, C. (1999). A new estimate of transaction costs.
    """
    return share_of_zeros(candles.volume, window)
