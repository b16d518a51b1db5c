r"""How several features go together: what no feature shows by itself.

Each value is replaced by the normal score :math:`s` of its rank in the reference. A window is then described by two
numbers for every two features of a group: how far apart they are, and how they are correlated,

.. math:: d_{ij} = \overline{s_i} - \overline{s_j}, \qquad r_{ij} = \operatorname{artanh} \rho(s_i, s_j).

Two features that used to move as one and no longer do change both, though each of them may look as it always did.

The statistic of a window is the root mean square of how far these numbers are from those of the reference, each in
units of how far windows of the reference are from the rest of it: about 1 in an unchanged market. Nothing is fitted to
the reference but those units. (Principal components would be: in directions in which the reference happens to vary
least, everything new looks extreme, and slow features have few independent values to find such directions with.)

References
----------
.. [1] Gretton, A. et al. (2012). A kernel two-sample test. Journal of Machine Learning Research 13. (With a polynomial
   kernel of degree 2 the maximum mean discrepancy is a distance between such moments.)
.. [2] Fisher, R. (1915). Frequency distribution of the values of the correlation coefficient. Biometrika 10.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from algotrade.domain.candles import FloatArray
from algotrade.domain.timeframe import IntArray

_LEAST_SQUARE = 0.05**2
"""Of the deviation of a number: what hardly varied in the reference may vary by a twentieth of a deviation."""
_LEAST_VARIANCE = 0.02
"""Added to the variance of a score: a feature that stands still correlates with nothing."""
_HIGHEST_CORRELATION = 0.98


@dataclass(frozen=True)
class Pairs:
    """Every two features of a group, or an even choice of them.

    Attributes
    ----------
    first, second : ndarray of int, shape ``(pairs,)``
        Columns of the two.
    """

    first: IntArray
    second: IntArray

    @classmethod
    def of(cls, columns: IntArray, most: int) -> "Pairs":
        """The pairs of some columns, at most so many."""
        one, other = np.triu_indices(len(columns), k=1)
        chosen = np.unique(np.linspace(0, len(one) - 1, min(most, len(one))).round().astype(np.int64))
        return cls(columns[one[chosen]], columns[other[chosen]])

    def __len__(self) -> int:
        return len(self.first)

    def sums(self, scores: FloatArray, edges: IntArray) -> FloatArray:
        """Sums over stretches of rows from which the numbers of any union of stretches follow.

        Parameters
        ----------
        scores : ndarray of shape ``(n, features)``
        edges : ndarray of int64, shape ``(stretches + 1,)``
            Rows at which the stretches begin and end.

        Returns
        -------
        ndarray of shape ``(stretches, 1 + 2 * features + pairs)``
            Rows, scores, their squares, and the products of the pairs.
        """
        stretches = [scores[low:high] for low, high in pairwise(edges)]
        return np.array(
            [
                np.concatenate(
                    [
                        [len(rows)],
                        rows.sum(axis=0),
                        np.einsum("ij,ij->j", rows, rows),
                        np.einsum("ij,ij->j", rows[:, self.first], rows[:, self.second]),
                    ]
                )
                for rows in stretches
            ]
        )

    def numbers(self, sums: FloatArray) -> FloatArray:
        """Differences of the means of each pair, then their correlations, from sums of shape ``(..., sums)``."""
        features = (sums.shape[-1] - 1 - len(self)) // 2
        moments = sums[..., 1:] / sums[..., :1]
        mean, square, product = np.split(moments, [features, 2 * features], axis=-1)
        deviation = np.sqrt(square - mean**2 + _LEAST_VARIANCE)
        first, second = mean[..., self.first], mean[..., self.second]
        correlation = (product - first * second) / (deviation[..., self.first] * deviation[..., self.second])
        bounded = np.clip(correlation, -_HIGHEST_CORRELATION, _HIGHEST_CORRELATION)
        return np.concatenate([first - second, np.arctanh(bounded)], axis=-1)


def floored(squares: FloatArray) -> FloatArray:
    """Mean squared deviations, none of them so small that rounding counts."""
    return np.maximum(squares, _LEAST_SQUARE)
