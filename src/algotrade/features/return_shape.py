"""What the moves are like: falls or rises, jumps or diffusion, evenly sized or a few that tower."""

from algotrade.domain.candles import Candles, FloatArray
from algotrade.features.bar_kernels import falling_share, neighbours, uneven_share
from algotrade.features.bar_kernels import jump_statistic as standardised_jumps
from algotrade.features.base import feature
from algotrade.features.derived import (
    bipower_over,
    log_returns,
    return_moments,
    return_neighbours,
    sum_of_squares,
)
from algotrade.features.kernels import rolling_sum

_FAMILY = "volatility"


@feature(family=_FAMILY, unit="0 to 1", windows=(48,), lookback=lambda w: w + 1, missing="A half when nothing moves.")
def downside_share(candles: Candles, window: int) -> FloatArray:
    r"""Share of the variance that comes from falls; a half when nothing moves.

    .. math:: \frac{\sum \min(r, 0)^2}{\sum r^2}

    References
    ----------
    .. [1] Barndorff-Nielsen, O., Kinnebrock, S. and Shephard, N. (2010). Measuring downside risk.
    """
    return falling_share(log_returns(candles), sum_of_squares(candles, window), window)


@feature(family=_FAMILY, unit="0 to 1", windows=(48,), lookback=lambda w: w + 2, missing="0 when nothing moves.")
def jump_share(candles: Candles, window: int) -> FloatArray:
    r"""Share of the variance that bipower variation puts down to jumps.

    .. math:: \max\left(0, 1 - \frac{\frac{\pi}{2} \sum |r_t| |r_{t-1}|}{\sum r_t^2}\right)

    References
    ----------
    .. [1] Barndorff-Nielsen, O. and Shephard, N. (2004). Power and bipower variation.
    """
    return uneven_share(sum_of_squares(candles, window), bipower_over(candles, window))


@feature(
    family=_FAMILY,
    unit="standard errors",
    windows=(48,),
    lookback=lambda w: w + 4,
    missing="0 when nothing moves.",
)
def jump_statistic(candles: Candles, window: int) -> FloatArray:
    r"""Ratio test for jumps: about standard normal without, above 2 where a jump is hard to deny.

    .. math:: \frac{\sqrt{w} \left(1 - BV / RV\right)}{\sqrt{\left(\frac{\pi^2}{4} + \pi - 5\right)
              \max\left(1, QQ / BV^2\right)}}

    with :math:`RV = \sum r_t^2`, :math:`BV = \frac{\pi}{2} \sum |r_t| |r_{t-1}|` and
    :math:`QQ = w \frac{\pi^2}{4} \sum |r_t| |r_{t-1}| |r_{t-2}| |r_{t-3}|`, each a sum of ``w`` terms.

    References
    ----------
    .. [1] Barndorff-Nielsen, O. and Shephard, N. (2004). Power and bipower variation with stochastic volatility and
       jumps.
    .. [2] Barndorff-Nielsen, O. and Shephard, N. (2006). Econometrics of testing for jumps.
    """
    fours = rolling_sum(neighbours(return_neighbours(candles), 2), window)
    return standardised_jumps(sum_of_squares(candles, window), bipower_over(candles, window), fours, window)


@feature(family=_FAMILY, unit="ratio", windows=(48,), lookback=lambda w: w + 1, missing="0 when nothing moves.")
def realised_skewness(candles: Candles, window: int) -> FloatArray:
    r"""Realised skewness: whether the large moves go up or down.

    .. math:: \frac{\sqrt{w} \sum r^3}{\left(\sum r^2\right)^{3/2}}

    References
    ----------
    .. [1] Amaya, D., Christoffersen, P., Jacobs, K. and Vasquez, A. (2015). Does realized skewness predict the
       cross-section of equity returns?
    """
    return return_moments(candles, window)[0]


@feature(family=_FAMILY, unit="ratio", windows=(48,), lookback=lambda w: w + 1, missing="3 when nothing moves.")
def realised_kurtosis(candles: Candles, window: int) -> FloatArray:
    r"""Realised kurtosis: quarticity by the squared variance, 3 for normal returns, the window for a single jump.

    .. math:: \frac{w \sum r^4}{\left(\sum r^2\right)^2}

    References
    ----------
    .. [1] Amaya, D., Christoffersen, P., Jacobs, K. and Vasquez, A. (2015). Does realized skewness predict the
       cross-section of equity returns?
    """
    return return_moments(candles, window)[1]
