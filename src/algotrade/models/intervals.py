"""Around an expected return, where the return that comes will lie: split conformal, in steps of volatility."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass as settings_dataclass

from algotrade.domain.candles import FloatArray
from algotrade.errors import ModelError
from algotrade.models.configuration import STRICT

VOLATILITIES = ("realised_volatility", "close_to_close", "garman_klass", "parkinson", "rogers_satchell", "yang_zhang")
"""Features that measure how much prices have moved of late, the one to take first."""
_WINDOW_SOUGHT = 48
_FLOOR = 0.25
_FEWEST_RESIDUALS = 20


@settings_dataclass(frozen=True, config=STRICT)
class IntervalSettings:
    """What interval is laid around an expected return.

    Attributes
    ----------
    level : float
        Share of returns that it is to hold.
    adaptive : bool
        Whether it is wider where prices have moved more of late, given that the features tell.
    """

    level: Annotated[float, Field(gt=0.5, lt=1)] = 0.9
    adaptive: bool = True


@dataclass(frozen=True)
class ReturnInterval:
    r"""An interval that has held a known share of returns that its model had not seen.

    .. math:: e \pm w \qquad \text{or} \qquad e \pm k \max(\sigma, \sigma_0)

    with :math:`w` and :math:`k` the :math:`\lceil (n + 1)\, level \rceil`-th smallest of the absolute residuals
    :math:`|r - e|`, and of these over the volatility. Returns depend on each other and are not exchangeable, so the
    share is a promise only as far as the future is like the past; it is measured out of fold.

    Attributes
    ----------
    level : float
    half_width : float
        Log return, where no volatility is known.
    volatility : str
        Feature that the interval scales with; empty for none.
    factor, floor : float
        Half widths a unit of volatility, and the smallest volatility that counts.

    References
    ----------
    .. [1] Lei, J. et al. (2018). Distribution-free predictive inference for regression. JASA 113.
    """

    level: float
    half_width: float
    volatility: str = ""
    factor: float = 0.0
    floor: float = 0.0

    @classmethod
    def fit(
        cls, level: float, residual: FloatArray, volatility: FloatArray | None = None, name: str = ""
    ) -> "ReturnInterval | None":
        """Interval from residuals, shape ``(n,)``, of rows that the model had not seen; None if they are too few.

        Parameters
        ----------
        level : float
        residual : ndarray, shape ``(n,)``
        volatility : ndarray, shape ``(n,)``, optional
            Known at each row; missing values count as the floor.
        name : str
            Of the feature that ``volatility`` is.
        """
        known = np.isfinite(residual)
        distance = np.abs(residual[known])
        if len(distance) < max(_FEWEST_RESIDUALS, int(np.ceil(1 / (1 - level)))):
            return None
        half_width = conformal_quantile(distance, level)
        usual = np.zeros(0) if volatility is None else volatility[known]
        floor = _FLOOR * float(np.median(usual[np.isfinite(usual)])) if np.isfinite(usual).any() else 0.0
        if floor <= 0:
            return cls(level, half_width)
        return cls(level, half_width, name, conformal_quantile(distance / at_least(usual, floor), level), floor)

    def half_widths(self, volatility: FloatArray | None = None) -> FloatArray:
        """Half width for each volatility, shape ``(n,)``, or the one that holds for all, shape ``()``."""
        if not self.volatility or volatility is None:
            return np.asarray(self.half_width)
        return self.factor * at_least(volatility, self.floor)

    def half_width_of(self, window: FloatArray | None, names: Sequence[str]) -> float:
        """Half width after one window of feature rows, shape ``(history, F)``, whose columns have these ``names``."""
        if not self.volatility or window is None:
            return self.half_width
        # Not numpy's maximum: a missing volatility counts as the floor.
        volatility = float(window[-1, tuple(names).index(self.volatility)])
        return self.factor * (volatility if volatility > self.floor else self.floor)

    def to_json(self) -> dict[str, Any]:
        """Numbers as JSON keeps them."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "ReturnInterval":
        """Inverse of ``to_json``.

        Raises
        ------
        ModelError
            If the content is not that of an interval.
        """
        try:
            return cls(**content)
        except TypeError as error:
            raise ModelError(f"The interval of a model cannot be read ({error}). Train the model again.") from error


def conformal_quantile(distances: FloatArray, level: float) -> float:
    """The distance that a new one stays within with probability ``level`` if all are exchangeable.

    >>> conformal_quantile(np.arange(1.0, 20.0), 0.9)
    18.0
    """
    rank = min(int(np.ceil((len(distances) + 1) * level - 1e-9)), len(distances))
    return float(np.partition(distances, rank - 1)[rank - 1])


def at_least(volatility: FloatArray, floor: float) -> FloatArray:
    """Volatility that is nowhere below the floor; a missing one is the floor."""
    return np.asarray(np.fmax(volatility, floor))


def volatility_feature(names: Sequence[str]) -> str:
    """Feature to measure volatility by, of those that there are; empty if there is none.

    Of one kind, that whose window is nearest to 48 candles; none of a slower timeframe.

    >>> volatility_feature(["rsi_14", "realised_volatility_12", "realised_volatility_48", "parkinson_24"])
    'realised_volatility_48'
    """
    for kind in VOLATILITIES:
        found = {name: name.removeprefix(f"{kind}_") for name in names if name.startswith(f"{kind}_")}
        windows = {name: int(window) for name, window in found.items() if window.isdigit()}
        if windows:
            return min(windows, key=lambda name: abs(windows[name] - _WINDOW_SOUGHT))
    return ""
