"""Bounds of target weights, found in one pass."""

from algotrade.backtesting.kernel.compilation import compiled
from algotrade.domain.candles import FloatArray


@compiled
def extremes(weights: FloatArray) -> tuple[bool, float, float]:
    """Whether all weights are finite, the smallest one, and the largest absolute sum of a row."""
    smallest, largest, finite = 0.0, 0.0, True
    for row in range(weights.shape[0]):
        gross = 0.0
        for column in range(weights.shape[1]):
            weight = weights[row, column]
            # min() and abs() would be told about NaN, which the sum finds.
            if weight < 0.0:
                gross -= weight
                smallest = weight if weight < smallest else smallest
            else:
                gross += weight
        # A sum is finite if all of its parts are, and no smaller than the largest of them.
        largest = max(largest, gross)
        finite = finite and gross - gross == 0.0
    return finite, smallest, largest
