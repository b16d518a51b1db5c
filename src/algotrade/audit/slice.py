"""The part of the history that an audit looks at: bounded, so that it ends soon, and long enough to show something."""

import numpy as np

from algotrade.audit.perturbation import blocks_of, with_blocks
from algotrade.domain.candles import Panel
from algotrade.errors import TooFewCandles


def take_slice(panel: Panel, candles: int, symbols: int, lookback: int) -> Panel:
    """The newest ``lookback + candles`` rows of the symbols with the most candles there, in their order.

    Parameters
    ----------
    panel : Panel
    candles : int
        Rows beyond the lookback.
    symbols : int
        At most.
    lookback : int
        Of the features that are to be audited.

    Raises
    ------
    TooFewCandles
        If fewer than half as many rows as asked for are left beyond the lookback.
    """
    rows = min(len(panel), lookback + candles)
    if rows - lookback < candles // 2:
        raise TooFewCandles(
            f"The audit needs {lookback} candles for the features to look back and at least {candles // 2} beyond; "
            f"there are {len(panel)}. Fetch a longer history, or lower `audit.candles`."
        )
    newest = panel[len(panel) - rows :]
    counts = newest.present.sum(axis=0)
    chosen = np.sort(np.argsort(-counts, kind="stable")[:symbols])
    chosen = chosen[counts[chosen] > 0]
    blocks = {name: np.asfortranarray(block[:, chosen]) for name, block in blocks_of(newest).items()}
    return with_blocks(newest, blocks, [newest.symbols[column] for column in chosen])
