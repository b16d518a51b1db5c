"""What the whole market does at a moment: the same number for every symbol that has a candle.

Computed on the gapless grid of the panel: windows count steps of time, and a symbol without a candle takes no part. The
market is the equal-weight mean of the symbols that are there.
"""

from algotrade.domain.candles import FloatArray, Panel
from algotrade.features.base import feature
from algotrade.features.derived import panel_log_close, panel_return_over
from algotrade.features.market_series import for_every_symbol, market_returns, mean_correlation, return_deviation
from algotrade.features.panel_formulas import balance_about_mean, rolling_score, sign_for_each

_FAMILY = "cross_asset"


@feature(family=_FAMILY, unit="log return", scope="panel", windows=(1, 4, 12, 24), lookback=lambda w: w + 1)
def market_return(panel: Panel, window: int) -> FloatArray:
    r"""Mean log return of all symbols over the window.

    .. math:: \frac{1}{S} \sum_i \ln(C_{i,t} / C_{i,t-w})

    References
    ----------
    .. [1] Liu, Y., Tsyvinski, A. and Wu, X. (2022). Common risk factors in cryptocurrency.
    """
    return for_every_symbol(panel, market_returns(panel, window))


@feature(family=_FAMILY, unit="-1 to 1", scope="panel", windows=(4, 12), lookback=lambda w: w + 1)
def breadth(panel: Panel, window: int) -> FloatArray:
    r"""Share of symbols that rose over the window less share of those that fell.

    .. math:: \frac{1}{S} \sum_i \operatorname{sign}(\ln(C_{i,t} / C_{i,t-w}))

    References
    ----------
    .. [1] Zaremba, A. et al. (2021). Herding for profits: market breadth and the cross-section of returns.
    """
    return sign_for_each(panel_return_over(panel, window).T, panel_log_close(panel).T).T


@feature(family=_FAMILY, unit="log return", scope="panel", windows=(12,), lookback=lambda w: w + 1)
def dispersion(panel: Panel, window: int) -> FloatArray:
    r"""Standard deviation over the symbols of the return over the window.

    .. math:: \sqrt{\frac{1}{S} \sum_i (R_i - m)^2}

    References
    ----------
    .. [1] Stivers, C. and Sun, L. (2010). Cross-sectional return dispersion and time variation in value and momentum.
    """
    return for_every_symbol(panel, return_deviation(panel, window))


@feature(
    family=_FAMILY,
    unit="-1 to 1",
    scope="panel",
    windows=(72,),
    lookback=lambda w: w + 1,
    missing="0 where fewer than two symbols move; a symbol with less than half of the window takes no part.",
)
def average_correlation(panel: Panel, window: int) -> FloatArray:
    r"""Mean correlation of all pairs of symbols, weighted by their risks.

    .. math::

        \frac{\sum_{i \ne j} \rho_{ij} \sigma_i \sigma_j}{\sum_{i \ne j} \sigma_i \sigma_j}
        = \frac{S^2 \operatorname{var}(m) - \sum \sigma_i^2}{(\sum \sigma_i)^2 - \sum \sigma_i^2}

    The variance of the market holds all covariances, so no pair is looked at.

    References
    ----------
    .. [1] Pollet, J. and Wilson, M. (2010). Average correlation and stock market returns.
    """
    return for_every_symbol(panel, mean_correlation(panel, window))


@feature(
    family=_FAMILY,
    unit="-1 to 1",
    scope="panel",
    windows=(48,),
    lookback=lambda w: w,
    missing="A symbol with less than half of the window takes no part.",
)
def breadth_above_mean(panel: Panel, window: int) -> FloatArray:
    r"""Share of symbols above their mean log price of the window less share of those below.

    .. math:: \frac{1}{S} \sum_i \operatorname{sign}\left(\ln C_{i,t} - \overline{\ln C_i}\right)

    References
    ----------
    .. [1] Zaremba, A. et al. (2021). Herding for profits: market breadth and the cross-section of returns.
    """
    return balance_about_mean(panel_log_close(panel).T, window, window // 2).T


@feature(
    family=_FAMILY,
    unit="standard deviations",
    scope="panel",
    windows=(168,),
    lookback=lambda w: w + 1,
    missing="0 where the dispersion is constant; NaN with less than half of the window.",
)
def dispersion_z(panel: Panel, window: int) -> FloatArray:
    r"""z-score in its window of the standard deviation over the symbols of the last return.

    .. math:: (d_t - \bar d) / s_d, \qquad d = \sqrt{\frac{1}{S} \sum_i (r_i - m)^2}

    References
    ----------
    .. [1] Stivers, C. and Sun, L. (2010). Cross-sectional return dispersion and time variation in value and momentum.
    """
    scores = rolling_score(return_deviation(panel, 1)[None, :], window, window // 2)
    return for_every_symbol(panel, scores[0])
