r"""How returns come about: volatility, innovations, and the planted conditional mean.

The return of candle ``t + 1`` from its open to its close is

.. math:: b_{t+1} = \mu_t + \sqrt{1 - s^2}\, \sigma_{t+1} x_{t+1}, \qquad \mu_t = c(s)\, \hat\sigma_t\, g_t

with ``s`` the signal, ``x`` an innovation whose distribution is symmetric whatever the past was, and ``g``
a function of the candles up to ``t``. Flipping the sign of every innovation leaves volatility and volume
as they are, so at ``s = 0`` nothing observable tells up from down. ``c`` is calibrated so that the
correlation of :math:`\mu_t` with :math:`b_{t+1}` is ``s`` (to a few hundredths of itself).

``g`` is the weighted sum of four parts, each in (-1, 1). With ``r`` the log return from close to close,
``E_n`` an exponentially weighted mean of ``alpha = 1 / n`` that starts at 0, or for ``|r|`` at its long-run
level, ``v = 1.25 E_48(|r|)`` and ``z_n = sqrt(2n - 1) E_n(r) / v``:

trend (0.50)
    ``tanh(z_32) * tanh(3 log(E_168(|r|) / E_16(|r|)))``: momentum while the market is calm, reversal in turmoil.
catch-up (0.45)
    ``tanh(z_12 of the leader - z_12)``: the others follow the first symbol; 0 for the leader itself.
swing (0.50)
    ``-tanh`` of past ``r / v`` weighted by a damped sine with a period of 48 candles: the order of the
    returns matters, not just their sum.
flow (0.60)
    ``tanh(E_12(taker_buy_volume / volume - 0.5) / 0.026)``: persistent buying pressure.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from algotrade.domain.candles import FloatArray

_LOG_VOLATILITY_MARKET = (0.985, 0.055)
_LOG_VOLATILITY_OWN = (0.97, 0.05)
_REGIME_LEVELS = np.array([-0.30, 0.0, 0.50])
_REGIME_STAY = 0.994
_JUMP_PROBABILITY = 0.002
_JUMP_SIZE = 4.0
_FLOW_MEMORY = 0.92
MARKET_SHARE = (0.80, 0.55)
"""Share of the variance that comes from the common factor: of the leader, of the others."""
HOURLY_VOLATILITY = (0.0045, 0.0065)
"""Standard deviation of an hour's log return in a normal regime: of the leader, of the others."""


class Innovations(NamedTuple):
    """Everything random about the returns, each of shape ``(n, symbols)``.

    ``volatility`` is the standard deviation of the candle's return, ``intrabar`` the one of its continuous
    path, ``shock`` the standardised return without jump, ``jump`` its jump in the same unit, ``gap`` the log
    step from close to open, ``flow`` the part of the taker-buy share that does not come from the return.
    """

    volatility: FloatArray
    intrabar: FloatArray
    shock: FloatArray
    jump: FloatArray
    gap: FloatArray
    flow: FloatArray


class Returns(NamedTuple):
    """Log returns of the candles and their true mean, each of shape ``(n, symbols)``.

    ``expected[t]`` is the mean of ``bar[t + 1]`` given the candles up to ``t``.
    """

    bar: FloatArray
    expected: FloatArray
    taker_share: FloatArray


def draw_innovations(rng: np.random.Generator, season: FloatArray, symbols: int, scale: float) -> Innovations:
    """Innovations that are symmetric in sign given everything else.

    Parameters
    ----------
    rng : Generator
    season : ndarray of shape (n,)
        Log multiplier of volatility by time of day.
    symbols : int
    scale : float
        Length of a candle in hours, square root: volatilities grow with it.
    """
    shape = (len(season), symbols)
    own_scale = np.where(np.arange(symbols) == 0, *HOURLY_VOLATILITY) * scale
    own_scale[1:] *= np.exp(rng.normal(0.0, 0.15, symbols - 1))
    volatility = own_scale * np.exp(_log_volatility(rng, season, symbols))
    share = np.where(np.arange(symbols) == 0, *MARKET_SHARE)
    market_mix, own_mix = _mixing(rng, (shape[0], 1), 6.0), _mixing(rng, shape, 5.0)
    mixed = np.sqrt(share * market_mix + (1 - share) * own_mix)
    shock = np.sqrt(share * market_mix) * rng.standard_normal((shape[0], 1))
    shock = shock + np.sqrt((1 - share) * own_mix) * rng.standard_normal(shape)
    jumps_together = (rng.random((shape[0], 1)) < _JUMP_PROBABILITY / 2) * rng.normal(0.0, _JUMP_SIZE, (shape[0], 1))
    jumps_alone = (rng.random(shape) < _JUMP_PROBABILITY / 2) * rng.normal(0.0, _JUMP_SIZE, shape)
    flow = 0.035 * _autoregression(rng.standard_normal(shape), _FLOW_MEMORY) * np.sqrt(1 - _FLOW_MEMORY**2)
    return Innovations(
        volatility=volatility,
        intrabar=volatility * mixed,
        shock=shock,
        jump=jumps_together + jumps_alone,
        gap=0.02 * volatility * rng.standard_normal(shape),
        flow=flow + rng.normal(0.0, 0.03, shape),
    )


def _log_volatility(rng: np.random.Generator, season: FloatArray, symbols: int) -> FloatArray:
    n = len(season)
    market_memory, market_noise = _LOG_VOLATILITY_MARKET
    own_memory, own_noise = _LOG_VOLATILITY_OWN
    market = _autoregression(market_noise * rng.standard_normal((n, 1)), market_memory)
    own = _autoregression(own_noise * rng.standard_normal((n, symbols)), own_memory)
    return market + own + (_regime(rng, n) + season)[:, None]


def _regime(rng: np.random.Generator, n: int) -> FloatArray:
    """Log level of volatility in a chain of calm, normal and stressed spells, shape ``(n,)``."""
    changes = rng.random(n) > _REGIME_STAY
    spells = np.cumsum(changes)
    drawn = rng.choice(_REGIME_LEVELS, size=int(spells[-1]) + 1, p=[0.35, 0.5, 0.15])
    return np.asarray(drawn[spells])


def _mixing(rng: np.random.Generator, shape: tuple[int, int], degrees: float) -> FloatArray:
    """Variances that turn a normal innovation into a Student's t of unit variance."""
    return (degrees - 2) / rng.chisquare(degrees, shape)


def _autoregression(noise: FloatArray, memory: float) -> FloatArray:
    """Sum of the past noise in which each step back weighs ``memory`` as much, shape of ``noise``."""
    values, reach = noise.copy(), 1
    # (1 + aL)(1 + a^2 L^2)(1 + a^4 L^4)... = 1 + aL + a^2 L^2 + ...: a scan that needs no compiled loop.
    while reach < len(values):
        values[reach:] = values[reach:] + memory**reach * values[:-reach]
        reach *= 2
    return values


TREND, CATCH_UP, SWING, FLOW = 0.50, 0.45, 0.50, 0.60
SWING_PERIOD, SWING_DECAY = 48.0, 23.0 / 24.0


def strength(signal: float) -> float:
    """Factor of ``volatility * g`` at which the planted mean correlates with the next return by ``signal``.

    Fitted to simulated markets; the parts shrink as the signal grows since the market reverts faster.

    >>> strength(0.0)
    0.0
    """
    return signal / (1.0 - 1.4 * signal) / 0.535


@njit(cache=True)  # pragma: no cover
def evolve(drawn: Innovations, noise_share: float, strength: float, level: FloatArray) -> Returns:
    """Returns in which each candle's mean depends on the candles before it.

    Parameters
    ----------
    drawn : Innovations
    noise_share : float
        What is left of the innovations beside the planted mean.
    strength : float
        Size of the planted mean, see :func:`strength`.
    level : ndarray of shape (symbols,)
        Long-run mean absolute return, where the volatility estimates start.
    """
    n, symbols = drawn.shock.shape
    bar, expected, share = np.zeros((n, symbols)), np.zeros((n, symbols)), np.zeros((n, symbols))
    mean12, mean32, flow12 = np.zeros(symbols), np.zeros(symbols), np.zeros(symbols)
    sine, cosine = np.zeros(symbols), np.zeros(symbols)
    size16, size48, size168 = level.copy(), level.copy(), level.copy()
    turn_real = SWING_DECAY * np.cos(2 * np.pi / SWING_PERIOD)
    turn_imag = SWING_DECAY * np.sin(2 * np.pi / SWING_PERIOD)
    swing_scale = np.sqrt(0.5 / (1.0 - SWING_DECAY**2))
    for t in range(n):
        for i in range(symbols):
            mean = expected[t - 1, i] if t > 0 else 0.0
            surprise = noise_share * (drawn.shock[t, i] + drawn.jump[t, i])
            bar[t, i] = mean + drawn.volatility[t, i] * surprise
            share[t, i] = min(max(0.5 + 0.03 * np.tanh(surprise) + drawn.flow[t, i], 0.05), 0.95)
            change = bar[t, i] + drawn.gap[t, i]
            mean12[i] += (change - mean12[i]) / 12
            mean32[i] += (change - mean32[i]) / 32
            size16[i] += (abs(change) - size16[i]) / 16
            size48[i] += (abs(change) - size48[i]) / 48
            size168[i] += (abs(change) - size168[i]) / 168
            flow12[i] += (share[t, i] - 0.5 - flow12[i]) / 12
            scaled = change / (1.25 * size48[i])
            turned = turn_real * cosine[i] - turn_imag * sine[i] + scaled
            sine[i] = turn_real * sine[i] + turn_imag * cosine[i]
            cosine[i] = turned
        lead = np.sqrt(23.0) * mean12[0] / (1.25 * size48[0])
        for i in range(symbols):
            volatility = 1.25 * size48[i]
            calm = np.tanh(3.0 * np.log(size168[i] / size16[i]))
            g = TREND * calm * np.tanh(np.sqrt(63.0) * mean32[i] / volatility)
            g += CATCH_UP * np.tanh(lead - np.sqrt(23.0) * mean12[i] / volatility)
            g -= SWING * np.tanh(sine[i] / swing_scale)
            g += FLOW * np.tanh(flow12[i] / 0.026)
            expected[t, i] = strength * volatility * g
    return Returns(bar, expected, share)
