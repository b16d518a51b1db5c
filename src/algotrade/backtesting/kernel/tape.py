"""Room for fills."""

import numpy as np

from algotrade.backtesting.kernel.compilation import internal
from algotrade.backtesting.kernel.terms import FILL_FIELDS
from algotrade.domain.candles import FloatArray

FIELDS = len(FILL_FIELDS)


@internal
def with_room(fills: FloatArray, needed: int) -> FloatArray:
    """Fills in an array that holds at least ``needed`` rows, doubled when it must grow."""
    if needed <= len(fills):
        return fills
    grown = np.empty((2 * needed, FIELDS))
    for fill in range(len(fills)):
        for field in range(FIELDS):
            grown[fill, field] = fills[fill, field]
    return grown
