"""A weighted sum of standardised features: what the linear models learn."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from algotrade.domain.candles import FloatArray
from algotrade.models.standardisation import Standardiser


@dataclass(frozen=True)
class LinearScore:
    """Sum of the standardised features of a row, weighted by coefficients, and an intercept.

    Attributes
    ----------
    standardiser : Standardiser
    coefficients : ndarray, shape ``(F,)``
    intercept : float
    """

    standardiser: Standardiser
    coefficients: FloatArray
    intercept: float

    def __call__(self, rows: FloatArray) -> FloatArray:
        """Score of rows of shape ``(n, F)``, shape ``(n,)``."""
        return np.asarray(self.standardiser.transform(rows) @ self.coefficients + self.intercept)

    def to_json(self) -> dict[str, Any]:
        """Numbers as JSON keeps them."""
        return {
            "standardiser": self.standardiser.to_json(),
            "coefficients": self.coefficients.tolist(),
            "intercept": self.intercept,
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "LinearScore":
        """Inverse of ``to_json``."""
        standardiser = Standardiser.from_json(content["standardiser"])
        return cls(standardiser, np.asarray(content["coefficients"]), content["intercept"])
