"""How a symbol stands to the others at the same moment.

Computed on the gapless grid of the panel: windows count steps of time, and a symbol without a candle takes no part. The
market is the equal-weight mean of the symbols that are there. With one symbol the market is the symbol itself.
"""

import math

from algotrade.domain.candles import FloatArray, Panel
from algotrade.features.base import feature
from algotrade.features.derived import panel_log_close, panel_return_over, panel_returns
from algotrade.features.market_series import (
    fit_to_market,
    leaders,
    market_returns,
    panel_volatility,
    return_deviation,
    return_ranks,
    scaled_returns,
)
from algotrade.features.panel_formulas import (
    falling_slopes,
    gain_shares,
    gap_to_leader,
    in_units,
    lagged_correlation,
    leader_for_each,
)
from algotrade.features.panel_kernels import lagged, standardised
from algotrade.features.ranking import rank_across

_FAMILY = "cross_asset"
_LEADER_WINDOW = 48
_VOLATILITY_WINDOW = 48


@feature(family=_FAMILY, unit="log return", scope="panel", windows=(4, 12, 24), lookback=lambda w: w + 1)
def relative_return(panel: Panel, window: int) -> FloatArray:
    r"""Log return over the window less that of the market.

    .. math:: \ln(C_{i,t} / C_{i,t-w}) - m_t

    References
    ----------
    .. [1] Lehmann, B. (1990). Fads, martingales, and market efficiency.
    """
    return panel_return_over(panel, window) - market_returns(panel, window)[:, None]


@feature(family=_FAMILY, unit="0 to 1", scope="panel", windows=(4, 12, 24), lookback=lambda w: w + 1)
def return_rank(panel: Panel, window: int) -> FloatArray:
    r"""Rank of the return over the window among the symbols, equals counted half.

    .. math:: \frac{\#\{j : R_j < R_i\} + \frac{1}{2} \#\{j : R_j = R_i\}}{S}

    References
    ----------
    .. [1] Jegadeesh, N. and Titman, S. (1993). Returns to buying winners and selling losers.
    """
    return return_ranks(panel, window)


@feature(
    family=_FAMILY,
    unit="0 to 1",
    scope="panel",
    windows=(48,),
    lookback=lambda w: w + 1,
    missing="A symbol with less than half of the window takes no part.",
)
def volatility_cross_rank(panel: Panel, window: int) -> FloatArray:
    r"""Rank of the realised volatility among the symbols, equals counted half.

    .. math:: \frac{\#\{j : \sigma_j < \sigma_i\} + \frac{1}{2} \#\{j : \sigma_j = \sigma_i\}}{S}

    References
    ----------
    .. [1] Ang, A., Hodrick, R., Xing, Y. and Zhang, X. (2006). The cross-section of volatility and expected returns.
    """
    return rank_across(panel_volatility(panel, window))


@feature(
    family=_FAMILY,
    unit="-1 to 1",
    scope="panel",
    windows=(72,),
    lookback=lambda w: w + 1,
    missing="0 where either stands still; NaN with less than half of the window.",
)
def market_correlation(panel: Panel, window: int) -> FloatArray:
    r"""Correlation of the symbol's returns with the market's.

    .. math:: \operatorname{corr}(r_i, m)

    References
    ----------
    .. [1] Pollet, J. and Wilson, M. (2010). Average correlation and stock market returns.
    """
    return fit_to_market(panel, window)[0]


@feature(
    family=_FAMILY,
    unit="ratio",
    scope="panel",
    windows=(72,),
    lookback=lambda w: w + 1,
    missing="0 where the market stands still; NaN with less than half of the window.",
)
def market_beta(panel: Panel, window: int) -> FloatArray:
    r"""Slope of the symbol's returns on the market's.

    .. math:: \operatorname{cov}(r_i, m) / \operatorname{var}(m)

    References
    ----------
    .. [1] Frazzini, A. and Pedersen, L. (2014). Betting against beta.
    """
    return fit_to_market(panel, window)[1]


@feature(
    family=_FAMILY,
    unit="standard deviations",
    scope="panel",
    windows=(1, 4, 12),
    lookback=lambda w: max(w, _LEADER_WINDOW) + 1,
    missing="NaN where the leader has no return; a symbol with less than half of the 48 candles does not lead.",
)
def leader_return(panel: Panel, window: int) -> FloatArray:
    r"""Return of the market leader over the window in units of its risk.

    .. math:: \frac{\ln(C_{l,t} / C_{l,t-w})}{\sigma_l \sqrt{w}}

    The leader is the symbol with the largest turnover over the 48 candles up to now.

    References
    ----------
    .. [1] Lo, A. and MacKinlay, C. (1990). When are contrarian profits due to stock market overreaction?
    """
    scaled = scaled_returns(panel, window, _VOLATILITY_WINDOW)
    return leader_for_each(scaled.T, leaders(panel, _LEADER_WINDOW), panel_log_close(panel).T).T


@feature(
    family=_FAMILY,
    unit="standard deviations",
    scope="panel",
    windows=(4, 12, 24),
    lookback=lambda w: max(w, _LEADER_WINDOW) + 1,
    missing="NaN where the leader has no return; a symbol with less than half of the 48 candles does not lead.",
)
def leader_gap(panel: Panel, window: int) -> FloatArray:
    r"""How far the symbol lags behind the leader over the window, each in units of its own risk.

    .. math:: \frac{R_l}{\sigma_l \sqrt{w}} - \frac{R_i}{\sigma_i \sqrt{w}}

    References
    ----------
    .. [1] Hou, K. (2007). Industry information diffusion and the lead-lag effect in stock returns.
    """
    scaled = scaled_returns(panel, window, _VOLATILITY_WINDOW)
    return gap_to_leader(scaled.T, leaders(panel, _LEADER_WINDOW)).T


@feature(
    family=_FAMILY,
    unit="standard deviations",
    scope="panel",
    windows=(12,),
    lookback=lambda w: w + 1,
    missing="0 where all returns are equal, as with one symbol alone.",
)
def return_cross_z(panel: Panel, window: int) -> FloatArray:
    r"""Return over the window less that of the market, in standard deviations over the symbols.

    .. math:: (R_i - m) / \sqrt{\frac{1}{S} \sum_j (R_j - m)^2}

    References
    ----------
    .. [1] Lehmann, B. (1990). Fads, martingales, and market efficiency.
    """
    returns, deviation = panel_return_over(panel, window).T, return_deviation(panel, window)
    return standardised(returns, market_returns(panel, window), deviation).T


@feature(family=_FAMILY, unit="-1 to 1", scope="panel", windows=(24,), lookback=lambda w: 2 * w + 1)
def rank_change(panel: Panel, window: int) -> FloatArray:
    r"""Change of the rank of the return among the symbols since the window before.

    .. math:: \rho_i(R_{t-w, t}) - \rho_i(R_{t-2w, t-w})

    References
    ----------
    .. [1] Jegadeesh, N. and Titman, S. (1993). Returns to buying winners and selling losers.
    """
    return lagged(return_ranks(panel, window).T, window).T


@feature(
    family=_FAMILY,
    unit="0 to 1",
    scope="panel",
    windows=(24,),
    lookback=lambda w: w + 1,
    missing="A half where the symbol moves with the market alone; NaN with less than half of the window.",
)
def relative_strength(panel: Panel, window: int) -> FloatArray:
    r"""Strength of the symbol's price in units of the market: its gains by all its moves.

    .. math:: \frac{\sum \max(e, 0)}{\sum |e|}, \qquad e = r_i - m

    References
    ----------
    .. [1] Wilder, J. (1978). New concepts in technical trading systems.
    """
    return gain_shares(panel_returns(panel).T, market_returns(panel, 1), window, window // 2).T


@feature(
    family=_FAMILY,
    unit="standard deviations",
    scope="panel",
    windows=(72,),
    lookback=lambda w: w + 1,
    missing="0 where the market explains every move; NaN with less than half of the window.",
)
def residual_momentum(panel: Panel, window: int) -> FloatArray:
    r"""Return over the window that the market does not explain, in units of its own risk.

    .. math:: \frac{\sum (r_i - \beta_i m)}{\sigma_\varepsilon \sqrt{w}}

    References
    ----------
    .. [1] Blitz, D., Huij, J. and Martens, M. (2011). Residual momentum.
    """
    _, _, residual, excess = fit_to_market(panel, window)
    return in_units(excess.T, residual.T, math.sqrt(window)).T


@feature(
    family=_FAMILY,
    unit="log return a candle",
    scope="panel",
    windows=(72,),
    lookback=lambda w: w + 1,
    missing="NaN with less than half of the window.",
)
def idiosyncratic_volatility(panel: Panel, window: int) -> FloatArray:
    r"""Standard deviation of the returns that the market does not explain.

    .. math:: \sigma_\varepsilon, \qquad r_i = \alpha + \beta m + \varepsilon

    References
    ----------
    .. [1] Ang, A., Hodrick, R., Xing, Y. and Zhang, X. (2006). The cross-section of volatility and expected returns.
    """
    return fit_to_market(panel, window)[2]


@feature(
    family=_FAMILY,
    unit="ratio",
    scope="panel",
    windows=(72,),
    lookback=lambda w: w + 1,
    missing="0 where the market never fell; NaN with less than half of the window.",
)
def downside_beta(panel: Panel, window: int) -> FloatArray:
    r"""Slope of the symbol's returns on the market's while that falls.

    .. math:: \frac{\sum_{m < 0} r_i m}{\sum_{m < 0} m^2}

    References
    ----------
    .. [1] Bawa, V. and Lindenberg, E. (1977). Capital market equilibrium in a mean-lower partial moment framework.
    """
    return falling_slopes(panel_returns(panel).T, market_returns(panel, 1), window, window // 2).T


@feature(
    family=_FAMILY,
    unit="-1 to 1",
    scope="panel",
    windows=(72,),
    lookback=lambda w: w + _LEADER_WINDOW + 1,
    missing="0 where either stands still; NaN with less than half of the window.",
)
def leader_lag_correlation(panel: Panel, window: int) -> FloatArray:
    r"""Correlation of the symbol's return with that of the leader one candle before.

    .. math:: \operatorname{corr}(r_{i,t}, r_{l,t-1})

    The leader of each candle is the symbol with the largest turnover over the 48 candles up to it.

    References
    ----------
    .. [1] Lo, A. and MacKinlay, C. (1990). When are contrarian profits due to stock market overreaction?
    """
    return lagged_correlation(panel_returns(panel).T, leaders(panel, _LEADER_WINDOW), window, window // 2).T
