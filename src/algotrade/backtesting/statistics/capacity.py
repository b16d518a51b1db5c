"""How much money a strategy could carry before its own orders are the market."""

import numpy as np
import pandas as pd

from algotrade.backtesting.result import BacktestResult
from algotrade.domain.candles import Panel, to_milliseconds

_SHARE_OF_FILLS = 0.95


def capacity(result: BacktestResult, panel: Panel, participation: float = 0.01) -> dict[str, float | int | None]:
    """Equity at which nineteen fills in twenty still take at most ``participation`` of their candle's volume.

    What a fill takes grows in proportion to the equity at which it was made.

    Parameters
    ----------
    result : BacktestResult
    panel : Panel
        The candles it was simulated on; volume in quote currency is volume times close where it is not given.
    participation : float in (0, 1]

    Returns
    -------
    dict
        ``equity`` (quote currency), ``participation`` (the bound), ``typical_participation`` (median of the fills as
        they were), ``fills``, ``fills_without_volume``. Numbers are None where no fill met any volume.
    """
    rows = np.searchsorted(panel.open_time, to_milliseconds(pd.DatetimeIndex(result.fills["time"])))
    columns = pd.Index(panel.symbols).get_indexer(pd.Index(result.fills["symbol"]))
    quoted = np.where(np.isfinite(panel.quote_volume), panel.quote_volume, panel.volume * panel.close)
    volume = quoted[rows, columns]
    before = np.concatenate([[result.initial_cash], result.equity.to_numpy()[:-1]])[rows]
    notional = result.fills["notional"].to_numpy(dtype=np.float64)
    met = (volume > 0.0) & (before > 0.0) & (notional > 0.0)
    found: dict[str, float | int | None] = {
        "equity": None,
        "participation": participation,
        "typical_participation": None,
        "fills": len(notional),
        "fills_without_volume": int((~(volume > 0.0)).sum()),
    }
    if met.any():
        share = notional[met] / volume[met]
        heavy = float(np.quantile(share / before[met], _SHARE_OF_FILLS))
        found["equity"], found["typical_participation"] = participation / heavy, float(np.median(share))
    return found
