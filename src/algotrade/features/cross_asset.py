"""How a symbol stands to the others at the same moment.

Computed on the gapless grid of the panel: windows count steps of time, and a symbol without a candle takes no part. The
market is the equal-weight mean of the symbols that are there. With one symbol the market is the symbol itself.
"""

import numpy as np

from algotrade.domain.candles import FloatArray, Panel
from algotrade.features.base import feature, lagged_log_ratio, ratio
from algotrade.features.kernels import rank_across, rolling_regression, rolling_sum

_FAMILY = "cross_asset"
_LEADER_WINDOW = 48
_VOLATILITY_WINDOW = 48


@feature(family=_FAMILY, unit="log return", scope="panel", windows=(1, 4, 12, 24), lookback=lambda w: w + 1)
def market_return(panel: Panel, window: int) -> FloatArray:
    r"""Mean log return of all symbols over the window.

    .. math:: \frac{1}{S} \sum_i \ln(C_{i,t} / C_{i,t-w})

    References
    ----------
    .. [1] Liu, Y., Tsyvinski, A. and Wu, X. (2022). Common risk factors in cryptocurrency.
    """
    return _for_each_symbol(_mean(lagged_log_ratio(panel.close, window)), panel)


@feature(family=_FAMILY, unit="log return", scope="panel", windows=(4, 12, 24), lookback=lambda w: w + 1)
def relative_return(panel: Panel, window: int) -> FloatArray:
    r"""Log return over the window less that of the market.

    .. math:: \ln(C_{i,t} / C_{i,t-w}) - m_t

    References
    ----------
    .. [1] Lehmann, B. (1990). Fads, martingales, and market efficiency.
    """
    returns = lagged_log_ratio(panel.close, window)
    return returns - _mean(returns)[:, None]


@feature(family=_FAMILY, unit="0 to 1", scope="panel", windows=(4, 12, 24), lookback=lambda w: w + 1)
def return_rank(panel: Panel, window: int) -> FloatArray:
    r"""Rank of the return over the window among the symbols, equals counted half.

    .. math:: \frac{\#\{j : R_j < R_i\} + \frac{1}{2} \#\{j : R_j = R_i\}}{S}

    References
    ----------
    .. [1] Jegadeesh, N. and Titman, S. (1993). Returns to buying winners and selling losers.
    """
    return rank_across(lagged_log_ratio(panel.close, window))


@feature(family=_FAMILY, unit="0 to 1", scope="panel", windows=(48,), lookback=lambda w: w + 1)
def volatility_cross_rank(panel: Panel, window: int) -> FloatArray:
    r"""Rank of the realised volatility among the symbols, equals counted half.

    .. math:: \frac{\#\{j : \sigma_j < \sigma_i\} + \frac{1}{2} \#\{j : \sigma_j = \sigma_i\}}{S}

    References
    ----------
    .. [1] Ang, A., Hodrick, R., Xing, Y. and Zhang, X. (2006). The cross-section of volatility and expected returns.
    """
    return rank_across(_volatility(panel, window))


@feature(family=_FAMILY, unit="-1 to 1", scope="panel", windows=(72,), lookback=lambda w: w + 1)
def market_correlation(panel: Panel, window: int) -> FloatArray:
    r"""Correlation of the symbol's returns with the market's, from at least half of the window.

    .. math:: \operatorname{corr}(r_i, m)

    References
    ----------
    .. [1] Pollet, J. and Wilson, M. (2010). Average correlation and stock market returns.
    """
    return _against_market(panel, window)[0]


@feature(family=_FAMILY, unit="ratio", scope="panel", windows=(72,), lookback=lambda w: w + 1)
def market_beta(panel: Panel, window: int) -> FloatArray:
    r"""Slope of the symbol's returns on the market's, from at least half of the window.

    .. math:: \operatorname{cov}(r_i, m) / \operatorname{var}(m)

    References
    ----------
    .. [1] Frazzini, A. and Pedersen, L. (2014). Betting against beta.
    """
    return _against_market(panel, window)[1]


@feature(
    family=_FAMILY,
    unit="standard deviations",
    scope="panel",
    windows=(1, 4, 12),
    lookback=lambda w: max(w, _LEADER_WINDOW) + 1,
)
def leader_return(panel: Panel, window: int) -> FloatArray:
    r"""Return of the market leader over the window in units of its risk.

    .. math:: \frac{\ln(C_{l,t} / C_{l,t-w})}{\sigma_l \sqrt{w}}

    The leader is the symbol with the largest turnover over the 48 candles up to now.

    References
    ----------
    .. [1] Lo, A. and MacKinlay, C. (1990). When are contrarian profits due to stock market overreaction?
    """
    return _for_each_symbol(_of_leader(panel, _scaled_return(panel, window)), panel)


@feature(
    family=_FAMILY,
    unit="standard deviations",
    scope="panel",
    windows=(4, 12, 24),
    lookback=lambda w: max(w, _LEADER_WINDOW) + 1,
)
def leader_gap(panel: Panel, window: int) -> FloatArray:
    r"""How far the symbol lags behind the leader over the window, each in units of its own risk.

    .. math:: \frac{R_l}{\sigma_l \sqrt{w}} - \frac{R_i}{\sigma_i \sqrt{w}}

    References
    ----------
    .. [1] Hou, K. (2007). Industry information diffusion and the lead-lag effect in stock returns.
    """
    scaled = _scaled_return(panel, window)
    return _of_leader(panel, scaled)[:, None] - scaled


@feature(family=_FAMILY, unit="-1 to 1", scope="panel", windows=(4, 12), lookback=lambda w: w + 1)
def breadth(panel: Panel, window: int) -> FloatArray:
    r"""Share of symbols that rose over the window less share of those that fell.

    .. math:: \frac{1}{S} \sum_i \operatorname{sign}(\ln(C_{i,t} / C_{i,t-w}))

    References
    ----------
    .. [1] Zaremba, A. et al. (2021). Herding for profits: market breadth and the cross-section of returns.
    """
    return _for_each_symbol(_mean(np.sign(lagged_log_ratio(panel.close, window))), panel)


@feature(family=_FAMILY, unit="log return", scope="panel", windows=(12,), lookback=lambda w: w + 1)
def dispersion(panel: Panel, window: int) -> FloatArray:
    r"""Standard deviation over the symbols of the return over the window.

    .. math:: \sqrt{\frac{1}{S} \sum_i (R_i - m)^2}

    References
    ----------
    .. [1] Stivers, C. and Sun, L. (2010). Cross-sectional return dispersion and time variation in value and momentum.
    """
    returns = lagged_log_ratio(panel.close, window)
    return _for_each_symbol(np.sqrt(_mean((returns - _mean(returns)[:, None]) ** 2)), panel)


def _mean(values: FloatArray) -> FloatArray:
    """Mean over the symbols that have a value, shape ``(n,)``; NaN where none has."""
    known = ~np.isnan(values)
    count = known.sum(axis=1)
    total = np.where(known, values, 0.0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _for_each_symbol(values: FloatArray, panel: Panel) -> FloatArray:
    return np.where(panel.present, values[:, None], np.nan)


def _volatility(panel: Panel, window: int) -> FloatArray:
    """Root mean square of the returns that are there, at least half of the window."""
    squares = lagged_log_ratio(panel.close, 1) ** 2
    return np.sqrt(_rolling_mean(squares, window))


def _rolling_mean(values: FloatArray, window: int) -> FloatArray:
    """Mean over the window of the values that are there, NaN for fewer than half, symbol by symbol."""
    means = np.full_like(values, np.nan)
    for column in range(values.shape[1]):
        series = values[:, column]
        known = ~np.isnan(series)
        count = rolling_sum(known.astype(np.float64), window)
        total = rolling_sum(np.where(known, series, 0.0), window)
        means[:, column] = np.where(count >= window / 2, ratio(total, count), np.nan)
    return means


def _against_market(panel: Panel, window: int) -> tuple[FloatArray, FloatArray]:
    returns = lagged_log_ratio(panel.close, 1)
    market = _mean(returns)
    columns = [rolling_regression(market, np.ascontiguousarray(column), window, window // 2) for column in returns.T]
    correlations, betas = zip(*columns, strict=True)
    return np.column_stack(correlations), np.column_stack(betas)


def _scaled_return(panel: Panel, window: int) -> FloatArray:
    returns = lagged_log_ratio(panel.close, window)
    return ratio(returns, _volatility(panel, _VOLATILITY_WINDOW) * np.sqrt(window))


def _of_leader(panel: Panel, values: FloatArray) -> FloatArray:
    """The leader's value at each row, shape ``(n,)``; NaN before anyone leads or where the leader has none."""
    paid = np.where(np.isnan(panel.quote_volume), panel.close * panel.volume, panel.quote_volume)
    turnover = _rolling_mean(paid, _LEADER_WINDOW)
    leader = np.where(np.isnan(turnover), -np.inf, turnover).argmax(axis=1)
    led = np.isfinite(turnover).any(axis=1)
    return np.where(led, values[np.arange(len(values)), leader], np.nan)
