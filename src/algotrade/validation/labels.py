"""Labels: what came of each row, and when it was known."""

import numpy as np
import pandas as pd

from algotrade.domain.candles import Panel, from_milliseconds
from algotrade.errors import ConfigurationError, TooFewCandles


def forward_returns(panel: Panel, horizon: int) -> pd.DataFrame:
    r"""Log return that a decision on each row earns, from the first fill to the fill ``horizon`` candles later.

    .. math:: r_t = \log \frac{open_{t+1+h}}{open_{t+1}}, \qquad known\_at_t = \text{open time of row } t+1+h

    A row has a label if it has a candle itself and both opens exist; the last ``horizon + 1`` rows have none.

    Parameters
    ----------
    panel : Panel
        Shape ``(n, symbols)``.
    horizon : int
        Candles.

    Returns
    -------
    DataFrame
        Columns ``symbol``, ``open_time``, ``known_at``, ``forward_return``; sorted by symbol, then time.

    Raises
    ------
    ConfigurationError
        If the horizon is shorter than one candle.
    TooFewCandles
        If the history is too short for a single label.
    """
    if horizon < 1:
        raise ConfigurationError(f"The horizon is {horizon} candles; it must be at least 1. Raise `horizon`.")
    if len(panel) < horizon + 2:
        raise TooFewCandles(
            f"A label with a horizon of {horizon} needs {horizon + 2} candles, there are {len(panel)}. "
            "Fetch a longer history or lower `horizon`."
        )
    entry, leave = panel.open[1 : len(panel) - horizon], panel.open[1 + horizon :]
    labelled = panel.present[: len(entry)] & np.isfinite(entry) & np.isfinite(leave)
    order = np.argsort(np.array(panel.symbols), kind="stable")
    columns, rows = np.nonzero(labelled.T[order])
    columns = order[columns]
    return pd.DataFrame(
        {
            "symbol": pd.Index(panel.symbols).take(columns),
            "open_time": from_milliseconds(panel.open_time[rows]),
            "known_at": from_milliseconds(panel.open_time[rows + 1 + horizon]),
            "forward_return": np.log(leave[rows, columns] / entry[rows, columns]),
        }
    )
