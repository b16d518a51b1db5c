"""What trading costs, who is pushing, and how far the price gives way."""

import math

from algotrade.domain.candles import Candles, FloatArray
from algotrade.features.bar_kernels import log_share
from algotrade.features.base import feature
from algotrade.features.derived import (
    log_close,
    log_high,
    log_low,
    log_returns,
    path_length,
    return_bounce,
    sum_of_squares,
    taker_flow,
    trades_over,
    turnover,
    turnover_over,
    volume_over,
)
from algotrade.features.market_kernels import rolling_correlation
from algotrade.features.window_formulas import (
    bounce_spread,
    bulk_balance,
    imbalance,
    mean_pair_spread,
    middle_spread,
    root_impact,
    side_impact_log,
    sum_by,
    volume_impact,
)

_FAMILY = "microstructure"
_SPREAD = "fraction of the price"
_LONG = 168
_RISK = 48
# Three in logs, in either direction.
_LEAST = math.exp(-3.0)


@feature(
    family=_FAMILY,
    unit="log ratio",
    windows=(12,),
    lookback=lambda _: _LONG + 1,
    missing="0 when nothing moves or trades in either window.",
)
def amihud_ratio(candles: Candles, window: int) -> FloatArray:
    r"""Log of the recent over the usual price impact, each the distance travelled by the turnover.

    .. math:: \ln \frac{\sum_w |r| / \sum_w Q}{\sum_{168} |r| / \sum_{168} Q}

    Clipped to three in both directions.

    References
    ----------
    .. [1] Amihud, Y. (2002). Illiquidity and stock returns.
    """
    recent = path_length(candles, window) * turnover_over(candles, _LONG)
    return log_share(recent, path_length(candles, _LONG) * turnover_over(candles, window), 1.0, _LEAST)


@feature(
    family=_FAMILY,
    unit=_SPREAD,
    windows=(48,),
    lookback=lambda w: w + 2,
    missing="0 where neighbouring returns do not pull against each other, as where the price stands still.",
)
def roll_spread(candles: Candles, window: int) -> FloatArray:
    r"""Effective spread that the bounce between bid and ask leaves in the returns.

    .. math:: 2 \sqrt{\max(-\operatorname{cov}(r_t, r_{t-1}), 0)}

    References
    ----------
    .. [1] Roll, R. (1984). A simple implicit measure of the effective bid-ask spread in an efficient market.
    """
    return bounce_spread(return_bounce(candles, window)[2])


@feature(
    family=_FAMILY,
    unit=_SPREAD,
    windows=(24,),
    lookback=lambda w: w + 1,
    missing="0 for candles without a range.",
)
def corwin_schultz(candles: Candles, window: int) -> FloatArray:
    r"""Spread from ranges: that of two candles together holds twice the variance, but only one spread.

    .. math::

        \frac{2 (e^\alpha - 1)}{1 + e^\alpha}, \quad
        \alpha = \frac{\sqrt{2 \beta} - \sqrt{\beta}}{3 - 2 \sqrt 2} - \sqrt{\frac{\gamma}{3 - 2 \sqrt 2}}, \quad
        \beta = h_t^2 + h_{t-1}^2, \quad \gamma = h_{t-1, t}^2

    with the log range *h* of a candle and of two; the mean over the window of what is not below 0.

    References
    ----------
    .. [1] Corwin, S. and Schultz, P. (2012). A simple way to estimate bid-ask spreads from daily high and low prices.
    """
    return mean_pair_spread(log_high(candles), log_low(candles), log_close(candles), window)


@feature(
    family=_FAMILY,
    unit=_SPREAD,
    windows=(48,),
    lookback=lambda w: w + 1,
    missing="0 for candles without a range.",
)
def abdi_ranaldo(candles: Candles, window: int) -> FloatArray:
    r"""Spread from how far a close lies from the middles of its own and of the next candle's range.

    .. math::

        2 \sqrt{\max\left(\overline{(c_t - \eta_t)(c_t - \eta_{t+1})}, 0\right)}, \qquad \eta = (\ln H + \ln L) / 2

    References
    ----------
    .. [1] Abdi, F. and Ranaldo, A. (2017). A simple estimation of bid-ask spreads from daily close, high, and low
       prices.
    """
    return middle_spread(log_high(candles), log_low(candles), log_close(candles), window)


@feature(
    family=_FAMILY,
    unit="log return",
    windows=(48,),
    lookback=lambda w: w + 1,
    needs=("taker_buy_volume",),
    missing="0 where the flow does not vary, as in a window without volume.",
)
def kyle_lambda(candles: Candles, window: int) -> FloatArray:
    r"""Return that comes with a net purchase as large as the usual candle's volume.

    .. math:: \lambda \overline{V}, \qquad r_t = \alpha + \lambda (V^{buy}_t - V^{sell}_t) + \varepsilon_t

    References
    ----------
    .. [1] Kyle, A. (1985). Continuous auctions and insider trading.
    """
    return volume_impact(taker_flow(candles), log_returns(candles), volume_over(candles, window), window)


@feature(
    family=_FAMILY,
    unit="ratio",
    windows=(48,),
    lookback=lambda w: w + 1,
    missing="0 where nothing moves or trades in the window.",
)
def hasbrouck_impact(candles: Candles, window: int) -> FloatArray:
    r"""Return that comes with a usual candle's root of turnover, by the mean size of the returns.

    .. math::

        \lambda\, \overline{\sqrt Q} / \overline{|r|}, \qquad
        r_t = \alpha + \lambda \operatorname{sign}(r_t) \sqrt{Q_t} + \varepsilon_t

    References
    ----------
    .. [1] Hasbrouck, J. (2009). Trading costs and returns for U.S. equities.
    """
    return root_impact(log_returns(candles), turnover(candles), path_length(candles, window), window)


@feature(
    family=_FAMILY,
    unit="log ratio",
    windows=(48,),
    lookback=lambda w: w + 1,
    missing="0 where the window lacks rises or falls, or volume in either.",
)
def impact_asymmetry(candles: Candles, window: int) -> FloatArray:
    r"""Log of the price impact of falling over that of rising candles: positive when the bids are thin.

    .. math:: \ln \frac{\sum_{r < 0} |r| / \sum_{r < 0} Q}{\sum_{r > 0} |r| / \sum_{r > 0} Q}

    Clipped to three in both directions.

    References
    ----------
    .. [1] Brennan, M., Chordia, T., Subrahmanyam, A. and Tong, Q. (2012). Sell-order liquidity and the cross-section of
       expected stock returns.
    """
    return side_impact_log(log_returns(candles), turnover(candles), window, _LEAST)


@feature(
    family=_FAMILY,
    unit="-0.5 to 0.5",
    windows=(1, 4, 12, 24),
    lookback=lambda w: w,
    needs=("taker_buy_volume",),
    missing="0, balanced, without volume in the window; NaN where any candle of it does not tell its takers.",
)
def taker_buy_imbalance(candles: Candles, window: int) -> FloatArray:
    r"""Share of the volume that takers bought, less a half.

    .. math:: \frac{\sum V^{buy}}{\sum V} - \frac{1}{2}

    References
    ----------
    .. [1] Chordia, T. and Subrahmanyam, A. (2004). Order imbalance and individual stock returns.
    """
    return imbalance(candles.taker_buy_volume, volume_over(candles, window), window)


@feature(
    family=_FAMILY,
    unit="0 to 1",
    windows=(48,),
    lookback=lambda w: w,
    needs=("taker_buy_volume",),
    missing="0 without volume in the window.",
)
def flow_toxicity(candles: Candles, window: int) -> FloatArray:
    r"""Share of the volume that found no counterpart within its candle: VPIN with candles for volume buckets.

    .. math:: \frac{\sum |V^{buy} - V^{sell}|}{\sum V}

    References
    ----------
    .. [1] Easley, D., Lopez de Prado, M. and O'Hara, M. (2012). Flow toxicity and liquidity in a high-frequency world.
    """
    return sum_by(abs(taker_flow(candles)), volume_over(candles, window), window, 0.0)


@feature(
    family=_FAMILY,
    unit="-1 to 1",
    windows=(24,),
    lookback=lambda w: w + _RISK,
    missing="0 without volume in the window; a candle counts as balanced where nothing moved for 48 candles.",
)
def bulk_imbalance(candles: Candles, window: int) -> FloatArray:
    r"""Net purchases by the volume, with each candle's volume classified in bulk by its return.

    .. math:: \frac{\sum V (2 \Phi(r / \sigma) - 1)}{\sum V}, \qquad \sigma^2 = \overline{r^2}_{48}

    References
    ----------
    .. [1] Easley, D., Lopez de Prado, M. and O'Hara, M. (2012). Flow toxicity and liquidity in a high-frequency world.
    """
    squares, traded = sum_of_squares(candles, _RISK), volume_over(candles, window)
    return bulk_balance(log_returns(candles), squares, candles.volume, traded, _RISK, window)


@feature(
    family=_FAMILY,
    unit="-1 to 1",
    windows=(48,),
    lookback=lambda w: w + 1,
    needs=("taker_buy_volume",),
    missing="0 where the flow does not vary, as in a window without volume.",
)
def flow_persistence(candles: Candles, window: int) -> FloatArray:
    r"""Correlation of the takers' net purchases with those of the candle before: high when orders are split.

    .. math:: \operatorname{corr}(x_t, x_{t-1}), \qquad x = V^{buy} - V^{sell}

    References
    ----------
    .. [1] Hasbrouck, J. and Ho, T. (1987). Order arrival, quote behavior, and the return-generating process.
    """
    flow = taker_flow(candles)
    return rolling_correlation(flow, flow, 1, window)


@feature(
    family=_FAMILY,
    unit="log ratio",
    windows=(12,),
    lookback=lambda _: _LONG,
    needs=("trades",),
    missing="0 where nothing is traded in either window.",
)
def trade_size_ratio(candles: Candles, window: int) -> FloatArray:
    r"""Log of the recent over the usual size of a trade, each the volume by the number of trades.

    .. math:: \ln \frac{\sum_w V / \sum_w N}{\sum_{168} V / \sum_{168} N}

    Clipped to three in both directions.

    References
    ----------
    .. [1] Barclay, M. and Warner, J. (1993). Stealth trading and volatility: which trades move prices?
    """
    recent = volume_over(candles, window) * trades_over(candles, _LONG)
    return log_share(recent, volume_over(candles, _LONG) * trades_over(candles, window), 1.0, _LEAST)
