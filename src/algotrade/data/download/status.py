"""How complete the stored series are, without asking an exchange."""

import pandas as pd

from algotrade.data.download.plan import missing, states
from algotrade.data.intervals import length
from algotrade.data.store import CandleStore
from algotrade.domain.candles import SERIES_COLUMNS
from algotrade.domain.timeframe import Timeframe


def series_status(store: CandleStore, exchange: str | None = None, timeframe: str | None = None) -> pd.DataFrame:
    """One row a stored series: the columns of ``CandleStore.series`` and three counts of candles.

    ``missing`` are those between the first and the last one that the exchange may have; ``holes`` those that it is
    known not to have; ``behind`` those that have closed since by this machine's clock.
    """
    series = store.series()
    chosen = [(exchange, "exchange"), (timeframe, "timeframe")]
    for name, column in chosen:
        series = series if name is None else series[series[column] == name]
    counts = []
    now = int(pd.Timestamp.now("UTC").timestamp() * 1_000)
    for (venue, frame_name), rows in series.groupby(["exchange", "timeframe"], sort=False):
        frame = Timeframe(str(frame_name))
        for state in states(store, str(venue), frame, rows["symbol"].tolist()):
            absent = length(missing(store, state, (state.first, state.end)))
            behind = max(0, frame.floor(now) - state.end)
            figures = (absent, length(state.holes), behind)
            keys = zip(SERIES_COLUMNS, (state.exchange, state.symbol, frame.name), strict=True)
            names = ("missing", "holes", "behind")
            counted = zip(names, (figure // frame.milliseconds for figure in figures), strict=True)
            counts.append(dict(keys) | dict(counted))
    return series.merge(pd.DataFrame(counts, columns=[*SERIES_COLUMNS, "missing", "holes", "behind"]))
