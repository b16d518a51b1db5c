"""Features on one scale, learned from training rows only."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from algotrade.domain.candles import FloatArray

_NORMAL_INTERQUARTILE_RANGE = 1.349


@dataclass(frozen=True)
class Standardiser:
    """Median to zero, interquartile range to that of a standard normal, tails cut, gaps at the median.

    Medians and quartiles stand where means and deviations usually do because a single price spike
    moves the latter and not the former.

    Attributes
    ----------
    centre, scale : ndarray, shape ``(F,)``
    limit : float
        Largest absolute value that comes out.
    """

    centre: FloatArray
    scale: FloatArray
    limit: float

    @classmethod
    def fit(cls, rows: FloatArray, limit: float) -> "Standardiser":
        """Standardiser of rows of shape ``(n, F)``; a column without values or without spread comes out as zeros."""
        centre, scale = np.zeros(rows.shape[1]), np.ones(rows.shape[1])
        for column in range(rows.shape[1]):
            values = rows[:, column]
            values = values[np.isfinite(values)]
            if len(values) == 0:
                continue
            lower, centre[column], upper = np.quantile(values, (0.25, 0.5, 0.75))
            # Flags and other columns that mostly hold one value have no interquartile range.
            spread = (upper - lower) / _NORMAL_INTERQUARTILE_RANGE or values.std()
            scale[column] = spread or 1.0
        return cls(centre, scale, limit)

    def transform(self, rows: FloatArray) -> FloatArray:
        """Rows of shape ``(..., F)`` on the common scale; NaN becomes 0, the median."""
        scaled: FloatArray = (rows - self.centre) / self.scale
        np.clip(scaled, -self.limit, self.limit, out=scaled)
        scaled[np.isnan(scaled)] = 0.0
        return scaled

    def to_json(self) -> dict[str, Any]:
        """Numbers as JSON keeps them."""
        return {"centre": self.centre.tolist(), "scale": self.scale.tolist(), "limit": self.limit}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "Standardiser":
        """Inverse of ``to_json``."""
        return cls(np.asarray(content["centre"]), np.asarray(content["scale"]), content["limit"])
