"""What kind of market it is: trending or ranging, calm or stressed, near its high or far below."""

import math

import numpy as np

from algotrade.domain.candles import Candles, FloatArray
from algotrade.features.bar_kernels import rolling_mean
from algotrade.features.base import feature
from algotrade.features.derived import (
    absolute_returns,
    derived,
    extremes,
    log_close,
    log_return_over,
    log_returns,
    log_trend,
    path_length,
    return_bounce,
    return_signs,
    squared_returns,
    sum_of_squares,
)
from algotrade.features.kernels import quotient, rolling_rank
from algotrade.features.market_kernels import (
    rolling_correlation,
    rolling_hurst,
    scaled_variance,
    standardised_bridge,
    state_probability,
)
from algotrade.features.window_formulas import thirds

_FAMILY = "regime"
_RANKED = 12
_STEP = 4
_PLACES = 8
_STAY = 0.95
# Rows after which the filter has forgotten its start: 0.9 to this power is 1e-11.
_FORGETTING = 241
_CALM, _STRESS = 0.5, 2.0
_DRIFT = 0.25


@feature(
    family=_FAMILY,
    unit="-1 to 1",
    windows=(12, 48),
    lookback=lambda w: w + 1,
    missing="0 where nothing moves in the window.",
)
def efficiency_ratio(candles: Candles, window: int) -> FloatArray:
    r"""Net move by the distance travelled, with the sign of the move.

    .. math:: \frac{\ln(C_t / C_{t-w})}{\sum |r|}

    References
    ----------
    .. [1] Kaufman, P. (1995). Smarter trading.
    """
    return quotient(log_return_over(candles, window), path_length(candles, window), 0.0)


@feature(
    family=_FAMILY,
    unit="ratio",
    windows=(96,),
    lookback=lambda w: w + _STEP,
    missing="1 where nothing moves in the window.",
)
def variance_ratio(candles: Candles, window: int) -> FloatArray:
    r"""Variance of four-candle returns by four times that of one-candle returns: above 1 in trends.

    .. math:: \frac{\overline{\ln(C_t / C_{t-4})^2}}{4\, \overline{r^2}}

    References
    ----------
    .. [1] Lo, A. and MacKinlay, C. (1988). Stock market prices do not follow random walks.
    """
    return scaled_variance(log_return_over(candles, _STEP), sum_of_squares(candles, window), window, _STEP)


@feature(
    family=_FAMILY,
    unit="0 to 1",
    windows=(168,),
    lookback=lambda w: w + _RANKED,
    missing="A half where the price stands still, as equals count half.",
)
def volatility_rank(candles: Candles, window: int) -> FloatArray:
    r"""Rank of the mean absolute return of 12 candles among those of the window.

    .. math:: \frac{1}{w} \#\{k < w : v_{t-k} < v_t\}, \qquad v_t = \overline{|r|}_{12}

    References
    ----------
    .. [1] Ang, A. and Timmermann, A. (2012). Regime changes and financial markets.
    """
    return _volatility_rank(candles, window)


@feature(family=_FAMILY, unit="t-statistic", windows=(24, 72), lookback=lambda w: w, missing="0 for a constant price.")
def trend_strength(candles: Candles, window: int) -> FloatArray:
    r"""t-statistic of the slope of the log close on time, by the square root of the window.

    .. math:: \frac{\hat\beta}{se(\hat\beta) \sqrt{w}}

    References
    ----------
    .. [1] Lopez de Prado, M. (2020). Machine learning for asset managers, chapter 5.
    """
    _, statistic = log_trend(candles, window)
    return statistic / math.sqrt(window)


@feature(family=_FAMILY, unit="log ratio", windows=(72, 168), lookback=lambda w: w)
def drawdown(candles: Candles, window: int) -> FloatArray:
    r"""Log distance of the close from the highest high of the window: 0 or below.

    .. math:: \ln(C_t / \max H)

    References
    ----------
    .. [1] George, T. and Hwang, C. (2004). The 52-week high and momentum investing.
    """
    return np.log(candles.close / extremes(candles, window)[0])


@feature(family=_FAMILY, unit="log ratio", windows=(72, 168), lookback=lambda w: w)
def rally(candles: Candles, window: int) -> FloatArray:
    r"""Log distance of the close from the lowest low of the window: 0 or above.

    .. math:: \ln(C_t / \min L)

    References
    ----------
    .. [1] George, T. and Hwang, C. (2004). The 52-week high and momentum investing.
    """
    return np.log(candles.close / extremes(candles, window)[1])


@feature(
    family=_FAMILY,
    unit="-1 to 1",
    windows=(24,),
    lookback=lambda w: w + 1,
    missing="A candle without a move counts on neither side.",
)
def rise_balance(candles: Candles, window: int) -> FloatArray:
    r"""Share of rising less share of falling candles.

    .. math:: \overline{\operatorname{sign}(r)}

    References
    ----------
    .. [1] Da, Z., Gurun, U. and Warachka, M. (2014). Frog in the pan: continuous information and momentum.
    """
    return rolling_mean(return_signs(candles), window)


@feature(
    family=_FAMILY,
    unit="-1, 0 or 1",
    windows=(168,),
    lookback=lambda w: w + _RANKED,
    missing="0, as usual, where the price stands still.",
)
def volatility_bucket(candles: Candles, window: int) -> FloatArray:
    r"""Whether the recent volatility is in the lowest, the middle or the highest third of the window.

    .. math:: [\rho_t > 2/3] - [\rho_t < 1/3], \qquad \rho_t = \text{rank of } \overline{|r|}_{12}

    References
    ----------
    .. [1] Ang, A. and Timmermann, A. (2012). Regime changes and financial markets.
    """
    return thirds(_volatility_rank(candles, window))


@feature(
    family=_FAMILY,
    unit="exponent",
    windows=(168,),
    lookback=lambda w: w + 8,
    missing="A half, as in a random walk, where the price stands still.",
)
def hurst(candles: Candles, window: int) -> FloatArray:
    r"""Exponent with which moves grow with time: a half in a random walk, above it in trends.

    .. math:: \overline{(\ln C_t / C_{t-k})^2} \propto k^{2 H}, \qquad k = 1, 2, 4, 8

    *H* by least squares in logs.

    References
    ----------
    .. [1] Mandelbrot, B. and Van Ness, J. (1968). Fractional Brownian motions, fractional noises and applications.
    .. [2] Di Matteo, T. (2007). Multi-scaling in finance.
    """
    return rolling_hurst(log_close(candles), window)


@feature(
    family=_FAMILY,
    unit="-1 to 1",
    windows=(48,),
    lookback=lambda w: w + 2,
    missing="0 where the returns are constant, as where the price stands still.",
)
def return_autocorrelation(candles: Candles, window: int) -> FloatArray:
    r"""Correlation of the return with the one before: negative where moves are taken back.

    .. math:: \operatorname{corr}(r_t, r_{t-1})

    References
    ----------
    .. [1] Campbell, J., Grossman, S. and Wang, J. (1993). Trading volume and serial correlation in stock returns.
    """
    return return_bounce(candles, window)[0]


@feature(
    family=_FAMILY,
    unit="-1 to 1",
    windows=(96,),
    lookback=lambda w: w + 2,
    missing="0 where the moves are all of one size.",
)
def volatility_clustering(candles: Candles, window: int) -> FloatArray:
    r"""Correlation of the size of the return with the one before: high where turmoil lasts.

    .. math:: \operatorname{corr}(|r_t|, |r_{t-1}|)

    References
    ----------
    .. [1] Ding, Z., Granger, C. and Engle, R. (1993). A long memory property of stock market returns and a new model.
    """
    sizes = absolute_returns(candles)
    return rolling_correlation(sizes, sizes, 1, window)


@feature(
    family=_FAMILY,
    unit="Inclan-Tiao statistic",
    windows=(96,),
    lookback=lambda w: w + 1,
    missing="0 where the price stands still.",
)
def variance_change(candles: Candles, window: int) -> FloatArray:
    r"""How clearly the variance changed within the window, positive where it rose.

    .. math::

        -\sqrt{w / 2}\, D_{k^*}, \quad k^* = \arg\max |D_k|, \quad
        D_k = \frac{\sum_{j \le k} r_j^2}{\sum_{j \le w} r_j^2} - \frac{k}{w}

    *k* goes in eighths of the window. Beyond 1.36 either way it is significant at 5 % for normal returns.

    References
    ----------
    .. [1] Inclan, C. and Tiao, G. (1994). Use of cumulative sums of squares for retrospective detection of changes of
       variance.
    """
    units = sum_of_squares(candles, window) * math.sqrt(2 / window)
    return standardised_bridge(squared_returns(candles), units, window, _PLACES)


@feature(
    family=_FAMILY,
    unit="CUSUM statistic",
    windows=(96,),
    lookback=lambda w: w + 1,
    missing="0 where the price stands still.",
)
def drift_change(candles: Candles, window: int) -> FloatArray:
    r"""How clearly the mean return changed within the window, positive where it rose.

    .. math::

        -\frac{B_{k^*}}{\sigma \sqrt{w}}, \quad k^* = \arg\max |B_k|, \quad
        B_k = \sum_{j \le k} r_j - \frac{k}{w} \sum_{j \le w} r_j, \quad \sigma^2 = \overline{r^2}

    *k* goes in eighths of the window. Beyond 1.36 either way it is significant at 5 %.

    References
    ----------
    .. [1] Ploberger, W. and Kramer, W. (1992). The CUSUM test with OLS residuals.
    """
    units = np.sqrt(sum_of_squares(candles, window))
    return standardised_bridge(log_returns(candles), units, window, _PLACES)


@feature(
    family=_FAMILY,
    unit="probability",
    windows=(168,),
    lookback=lambda w: w + _FORGETTING,
    missing="A candle without a move speaks for calm.",
)
def stress_probability(candles: Candles, window: int) -> FloatArray:
    r"""Probability that the hidden state is stress and not calm, given the returns up to now.

    .. math::

        \pi_t = P(s_t = 1 \mid r_t, r_{t-1}, \ldots), \quad
        r_t \mid s_t \sim N(0, v_{s_t} \sigma_t^2), \quad v = (1/2, 2), \quad P(s_t = s_{t-1}) = 0.95

    by Hamilton's filter, never smoothed. The variance is that of the window up to each candle.

    References
    ----------
    .. [1] Hamilton, J. (1989). A new approach to the economic analysis of nonstationary time series and the business
       cycle.
    """
    constant, weight = math.log(_CALM / _STRESS) / 2, (1 / _CALM - 1 / _STRESS) / 2
    squares, units = squared_returns(candles), sum_of_squares(candles, window)
    return state_probability(squares, units, window * weight, constant, _STAY)


@feature(
    family=_FAMILY,
    unit="probability",
    windows=(168,),
    lookback=lambda w: w + _FORGETTING,
    missing="A candle without a move speaks for neither.",
)
def uptrend_probability(candles: Candles, window: int) -> FloatArray:
    r"""Probability that the hidden state is a rising and not a falling market, given the returns up to now.

    .. math::

        \pi_t = P(s_t = 1 \mid r_t, r_{t-1}, \ldots), \quad
        r_t \mid s_t \sim N(\pm \sigma_t / 4, \sigma_t^2), \quad P(s_t = s_{t-1}) = 0.95

    by Hamilton's filter, never smoothed. The variance is that of the window up to each candle.

    References
    ----------
    .. [1] Hamilton, J. (1989). A new approach to the economic analysis of nonstationary time series and the business
       cycle.
    """
    units = np.sqrt(sum_of_squares(candles, window))
    return state_probability(log_returns(candles), units, 2 * _DRIFT * math.sqrt(window), 0.0, _STAY)


@derived
def _volatility_rank(candles: Candles, window: int) -> FloatArray:
    """Rank in the window of the distance travelled in 12 candles, equals counted half."""
    return rolling_rank(path_length(candles, _RANKED), window)
