"""Longer candles out of stored ones, computed in the database as `algotrade.domain.resampling` computes them.

A bucket opens with its first candle, closes with its last one, and sums what is a sum. Only a bucket of which the
store has every candle is one: with a part missing, in a gap or at an end, its open, close or volume would be wrong.
An optional number is known where every candle knows it.
"""

from collections.abc import Sequence

from algotrade.data.store.frames import NULL
from algotrade.data.store.queries import Span, StoredSeries
from algotrade.domain.candles import OPTIONAL_COLUMNS
from algotrade.domain.resampling import parts
from algotrade.domain.timeframe import Timeframe

_VALUES = {
    "open": "opening.open",
    "high": "bucket.high",
    "low": "bucket.low",
    "close": "closing.close",
    "volume": "bucket.volume",
    **{name: f"coalesce(bucket.{name}, {NULL})" for name in OPTIONAL_COLUMNS},
}
_SUMS = ", ".join(f"CASE WHEN count({name}) = count(*) THEN sum({name}) END AS {name}" for name in OPTIONAL_COLUMNS)


def complete_span(series: StoredSeries, span: Span, stored: Timeframe, wanted: Timeframe) -> Span:
    """The part of a span, from bucket to bucket, in which the series can have whole ones.

    >>> minute, hour = Timeframe("1m"), Timeframe("1h")
    >>> series = StoredSeries(1, "BTC/USDT", first_ms=60_000, last_ms=3 * 3_600_000)
    >>> complete_span(series, (0, 2**62), minute, hour)
    (3600000, 10800000)
    """
    first = max(span[0], series.first_ms)
    over = wanted.floor(series.last_ms + stored.milliseconds)
    # A bucket that opens before the end of the span belongs to it, as a stored candle would.
    return _ceiling(first, wanted), min(_ceiling(span[1], wanted), over)


def resampling_query(
    series_id: int, span: Span, columns: Sequence[str], timeframes: tuple[Timeframe, Timeframe]
) -> str:
    """Ask for the whole buckets of a span, oldest first, with `NULL` for unknown numbers.

    Parameters
    ----------
    series_id : int
    span : (start, end)
        From the open of a bucket to the open of another one.
    columns : sequence of str
    timeframes : (stored, wanted)
    """
    stored, wanted = timeframes
    step = wanted.milliseconds
    origin = span[0]
    names = ", ".join(f"{_VALUES[name]} AS {name}" for name in columns)
    return (
        f"WITH bucket AS (SELECT (open_time - {origin}) / {step} AS place, "  # noqa: S608
        "min(open_time) AS first_time, max(open_time) AS last_time, "
        f"max(high) AS high, min(low) AS low, sum(volume) AS volume, {_SUMS} FROM candle "
        f"WHERE series_id = {series_id} AND open_time >= {span[0]} AND open_time < {span[1]} "
        f"GROUP BY 1 HAVING count(*) = {parts(stored, wanted)}) "
        f"SELECT {origin} + bucket.place * {step} AS open_time{', ' if names else ''}{names} FROM bucket "
        f"JOIN candle AS opening ON opening.series_id = {series_id} AND opening.open_time = bucket.first_time "
        f"JOIN candle AS closing ON closing.series_id = {series_id} AND closing.open_time = bucket.last_time "
        "ORDER BY bucket.place"
    )


def _ceiling(time_ms: int, timeframe: Timeframe) -> int:
    return timeframe.floor(time_ms + timeframe.milliseconds - 1)
