"""How much of what a label tells no other label of its symbol tells as well."""

import numba
import numpy as np

from algotrade.domain.candles import FloatArray
from algotrade.domain.timeframe import IntArray


@numba.njit(cache=True)
def relative_uniqueness(known_row: IntArray, horizon: int) -> FloatArray:
    r"""Average uniqueness of each label, in units of that of labels which overlap wholly, shape ``(n, symbols)``.

    .. math:: w_i = \frac{h}{|S_i|} \sum_{b \in S_i} \frac{1}{c_b}, \qquad
        S_i = \{i + 1, \dots, known\_row_i - 1\}, \qquad c_b = |\{j : b \in S_j\}|

    So a label of full length among others of full length weighs 1, whatever the horizon; one that stands alone
    weighs ``horizon``. A position counts in :math:`c_b` once it was opened and until it was closed, whether or not
    its label will ever be known. Both are known at the close of row *b*, and every row of :math:`S_i` closes by the
    time label *i* is known: a weight is known no later than its label, and what training may not know yet is not in it.

    Parameters
    ----------
    known_row : ndarray of int64, shape ``(n, symbols)``
        The row at whose open each position was closed, at least two after its own; -1 where none was opened.
    horizon : int

    References
    ----------
    .. [1] López de Prado, M. (2018). Advances in financial machine learning, sections 4.3 and 4.4.

    >>> relative_uniqueness(np.array([[3], [3], [-1], [-1]]), horizon=2).ravel().tolist()
    [1.5, 1.0, nan, nan]
    """
    rows, columns = known_row.shape
    weight = np.full((rows, columns), np.nan)
    for column in range(columns):
        changes = np.zeros(rows + 1)
        for row in range(rows):
            if known_row[row, column] > row:
                changes[min(row + 1, rows)] += 1.0
                changes[min(known_row[row, column], rows)] -= 1.0
        share = horizon / np.maximum(np.cumsum(changes), 1.0)
        for row in range(rows):
            end = min(known_row[row, column], rows)
            if end > row + 1:
                weight[row, column] = share[row + 1 : end].mean()
    return weight
