"""One upsert of candles within a transaction, and its exact count."""

import numpy as np
import sqlalchemy as sql

from algotrade.data.store.backend import Backend
from algotrade.data.store.frames import CandleRows
from algotrade.data.store.queries import count_candles, numbers_of
from algotrade.data.store.tables import SERIES
from algotrade.data.store.upsert_count import UpsertCount


def upsert_rows(backend: Backend, connection: sql.Connection, rows: CandleRows) -> UpsertCount:
    """Store candles in an open transaction; where a candle is there already, the new values win.

    Writers of the same exchange and timeframe take turns, so that the count is true.
    """
    backend.lock(connection, {f"{exchange} {timeframe}" for exchange, _, timeframe in rows.keys})
    ids = numbers_of(connection, SERIES, rows.keys)
    before = count_candles(connection, ids, rows)
    written = backend.put_candles(connection, rows, ids, before)
    sizes = np.bincount(rows.group, minlength=len(ids))
    after = count_candles(connection, ids, rows) if before.any() else sizes
    new = int((after - before).sum())
    return UpsertCount(new, written - new, len(rows.group) - written)
