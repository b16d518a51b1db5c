"""Whether the best of many variants beats a benchmark by more than the search for it explains."""

from dataclasses import dataclass

import numpy as np

from algotrade.domain.candles import FloatArray
from algotrade.errors import BacktestError
from algotrade.validation.resampling import IndexArray, block_length, resampled_means, stationary_rows

_FEWEST_PERIODS = 20
_AT_ONCE = 256
_TESTS = ("reality_check", "consistent", "lower", "upper")


@dataclass(frozen=True)
class Superiority:
    """Probabilities that so good a best variant comes out of variants none of which beats the benchmark.

    Attributes
    ----------
    reality_check : float
        White's: as if every variant were exactly as good as the benchmark.
    consistent : float
        Hansen's: variants that are clearly worse than the benchmark do not count.
    lower, upper : float
        Hansen's bounds: no worse variant counts, and all do.
    best : int
        Column with the highest mean.
    variants, periods : int
    block_length : float
        Mean, of the stationary bootstrap.
    """

    reality_check: float
    consistent: float
    lower: float
    upper: float
    best: int
    variants: int
    periods: int
    block_length: float


def superiority(excess: FloatArray, draws: int = 1000, seed: int = 0, length: float | None = None) -> Superiority:
    r"""White's reality check and Hansen's test of superior predictive ability, in the same draws.

    With :math:`\bar d_k` the mean excess return of variant :math:`k`, White asks for
    :math:`\max_k \sqrt n \bar d_k`, Hansen for :math:`\max(\max_k \sqrt n \bar d_k / \omega_k, 0)`, which does not let
    the most volatile variant rule. Both are compared with the same maximum over draws of the stationary bootstrap, each
    variant moved to where it would be without superiority: Hansen leaves out those with
    :math:`\sqrt n \bar d_k / \omega_k < -\sqrt{2 \log \log n}`.

    Parameters
    ----------
    excess : ndarray of shape (periods, variants)
        Returns of each variant minus those of the benchmark, of every variant that was tried. Finite; variants that
        do not differ from the benchmark cannot beat it.
    draws : int
    seed : int
    length : float, optional
        Mean block length; by default the longest that the best variant and the mean of all ask for.

    Raises
    ------
    BacktestError
        If there are fewer than 20 periods or no variant, or a number is not finite.

    References
    ----------
    .. [1] White, H. (2000). A reality check for data snooping. Econometrica 68(5).
    .. [2] Hansen, P. (2005). A test for superior predictive ability. Journal of Business & Economic Statistics 23(4).
    """
    if excess.ndim != 2 or excess.shape[0] < _FEWEST_PERIODS or excess.shape[1] < 1 or not np.isfinite(excess).all():
        raise BacktestError(
            f"Superiority over a benchmark cannot be tested on returns of the shape {excess.shape}; needed are finite "
            f"returns of {_FEWEST_PERIODS} periods or more (rows) and of at least one variant (columns)."
        )
    periods, variants = excess.shape
    mean = excess.mean(axis=0)
    best = int(mean.argmax())
    chosen_length = length or max(block_length(excess[:, best]), block_length(excess.mean(axis=1)))
    rows = stationary_rows(periods, draws, chosen_length, seed)
    maxima = [
        _maxima(excess[:, first : first + _AT_ONCE], rows, chosen_length) for first in range(0, variants, _AT_ONCE)
    ]
    seen = {name: max(part[name][0] for part in maxima) for name in _TESTS}
    drawn = {name: np.max([part[name][1] for part in maxima], axis=0) for name in _TESTS}
    values = {name: _exceeded(drawn[name], seen[name]) for name in _TESTS}
    return Superiority(**values, best=best, variants=variants, periods=periods, block_length=chosen_length)


def _maxima(excess: FloatArray, rows: IndexArray, length: float) -> dict[str, tuple[float, FloatArray]]:
    """What each test looks at, over some of the variants: as it was, and in each draw, shape ``(draws,)``."""
    root, mean, error = np.sqrt(len(excess)), excess.mean(axis=0), _errors(excess, length)
    varies = error > 0.0
    scale = np.where(varies, error, 1.0)
    moved = root * (resampled_means(excess, rows) - mean)
    studied, seen = np.where(varies, moved / scale, 0.0), np.where(varies, root * mean / scale, 0.0)
    clearly_worse = seen < -np.sqrt(2.0 * np.log(np.log(len(excess))))
    shifts = {
        "consistent": np.where(clearly_worse, seen, 0.0),
        "lower": np.minimum(seen, 0.0),
        "upper": np.zeros_like(seen),
    }
    statistic = max(float(seen.max()), 0.0)
    hansen = {name: (statistic, np.maximum((studied + shift).max(axis=1), 0.0)) for name, shift in shifts.items()}
    return {"reality_check": (float(root * mean.max()), moved.max(axis=1)), **hansen}


def _exceeded(drawn: FloatArray, seen: float) -> float:
    """Share of the draws at least as high as what was seen, which counts as a draw itself."""
    return float((1 + (drawn >= seen).sum()) / (1 + len(drawn)))


def _errors(excess: FloatArray, length: float) -> FloatArray:
    r"""Standard deviation of :math:`\sqrt n \bar d_k` in the limit of many draws, shape ``(variants,)``.

    Hansen's closed form: autocovariances weighted by :math:`\frac{n-i}{n}(1-q)^i + \frac{i}{n}(1-q)^{n-i}`.
    """
    count = len(excess)
    deviations = excess - excess.mean(axis=0)
    lags = np.arange(1, count)
    stay = 1.0 - 1.0 / length
    weights = (count - lags) / count * stay**lags + lags / count * stay ** (count - lags)
    width = 1 << (2 * count - 1).bit_length()
    spectrum = np.abs(np.fft.rfft(deviations, width, axis=0)) ** 2
    covariances = np.fft.irfft(spectrum, width, axis=0)[:count] / count
    variance = covariances[0] + 2.0 * (weights[:, None] * covariances[1:]).sum(axis=0)
    # A variant that is the benchmark leaves rounding only.
    scale = np.abs(excess).max(axis=0)
    return np.asarray(np.sqrt(np.where(variance > 1e-24 * scale**2, variance, 0.0)))
