"""Rows a second into and out of the candle store, against pandas.to_sql and read_sql in the same run.

PostgreSQL is the server of ``ALGOTRADE_TEST_POSTGRES_URL``, else the one of the dev extra; TimescaleDB is
measured where ``ALGOTRADE_TEST_TIMESCALE_URL`` names a server. Client and server share the machine.
"""

import itertools
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pandas as pd
import sqlalchemy as sql
from measure import Benchmark, Figure, median_seconds

from algotrade.data.store import CandleStore
from algotrade.domain.candles import VALUE_COLUMNS, from_milliseconds
from algotrade.domain.timeframe import Timeframe

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.postgres import execute, new_database, wheel_server

MINUTE, HOUR = Timeframe("1m"), Timeframe("1h")
ROWS = 50_000
SERIES = 20
UPSERTED_SERIES = 4
ROUNDS = 3
PANDAS_ROWS = {None: 40_000, "multi": 8_000}


def random_candles(series: int, exchange: str = "binance") -> pd.DataFrame:
    """Candles of a random walk; every fourth series does not know its number of trades."""
    rng = np.random.default_rng(7)
    frames = []
    for number in range(series):
        close = 100 * np.exp(np.cumsum(rng.normal(0, 1e-3, ROWS)))
        values = {name: close * rng.uniform(0.9, 1.1, ROWS) for name in VALUE_COLUMNS}
        values["trades"] = np.full(ROWS, np.nan) if number % 4 == 3 else rng.integers(1, 999, ROWS).astype(float)
        keys = {"exchange": exchange, "symbol": f"C{number:02d}/USDT", "timeframe": "1m"}
        times = from_milliseconds(1_700_000_040_000 + 60_000 * np.arange(ROWS))
        frames.append(pd.DataFrame({**keys, "open_time": times, **values}))
    return pd.concat(frames, ignore_index=True)


def measure_writes(bench: Benchmark, name: str, url: str, baselines: dict[str, Figure]) -> None:
    store = CandleStore(url)
    store.migrate()
    candles = random_candles(UPSERTED_SERIES)
    exchanges = (f"exchange {number}" for number in itertools.count())
    fresh = [candles.assign(exchange=next(exchanges)) for _ in range(ROUNDS)]
    new: Iterator[pd.DataFrame] = iter(fresh)
    rate = len(candles) / median_seconds(lambda: store.upsert(next(new)), ROUNDS)
    for baseline in baselines.values():
        bench.add(f"{name}: upsert, all new", rate, "rows/s", baseline)
    for what, factors in (("unchanged", itertools.repeat(1.0)), ("changed", itertools.count(2.0))):
        changed = (fresh[0].assign(close=fresh[0]["close"] * factor) for factor in factors)
        rate = len(candles) / median_seconds(lambda frames=changed: store.upsert(next(frames)), ROUNDS)
        bench.add(f"{name}: upsert, all there and {what}", rate, "rows/s", baselines["default"])
    tick = candles.groupby("symbol").tail(1)
    ticks = (tick.assign(open_time=tick["open_time"] + pd.Timedelta(minutes=n)) for n in itertools.count(1))
    store.upsert(next(ticks))
    milliseconds = 1_000 * median_seconds(lambda: store.upsert(next(ticks)), 10)
    bench.add(f"{name}: upsert of one candle of {len(tick)} symbols", milliseconds, "ms")


def measure_reads(bench: Benchmark, name: str, url: str, baseline: Figure) -> None:
    store = CandleStore(url)
    candles = random_candles(SERIES)
    store.upsert(candles)
    if not url.startswith("sqlite"):
        execute(url, "VACUUM ANALYZE candle")
    seconds = median_seconds(lambda: store.read("binance", MINUTE), 5)
    bench.add(f"{name}: read, all columns", len(candles) / seconds, "rows/s", baseline)
    seconds = median_seconds(lambda: store.read("binance", MINUTE, columns=["close"]), 5)
    bench.add(f"{name}: read, one column", len(candles) / seconds, "rows/s", baseline)
    seconds = median_seconds(lambda: sum(len(page) for page in store.stream("binance", MINUTE)))
    bench.add(f"{name}: stream, all columns", len(candles) / seconds, "rows/s", baseline)
    seconds = median_seconds(lambda: store.read("binance", MINUTE, resample=HOUR))
    bench.add(f"{name}: resample 1m to 1h", len(candles) / seconds, "rows/s", baseline)
    start = candles["open_time"].iloc[-500]
    milliseconds = 1_000 * median_seconds(lambda: store.read("binance", MINUTE, ["C03/USDT"], start=start), 20)
    bench.add(f"{name}: read the last 500 candles of one symbol", milliseconds, "ms")
    store.close()


def measure_pandas(bench: Benchmark, name: str, url: str) -> tuple[dict[str, Figure], Figure]:
    """What pandas does with the same frame: a table with the keys as text, and no key to keep."""
    engine = sql.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    candles, writes = random_candles(1), {}
    for method, rows in PANDAS_ROWS.items():
        frame, options = candles.head(rows), {"method": method, "chunksize": 1_000 if method else None}
        if method == "multi" and engine.dialect.name == "sqlite":
            options["chunksize"] = 2_000 // len(candles.columns)
        seconds = median_seconds(
            lambda frame=frame, options=options: frame.to_sql(
                "by_pandas", engine, if_exists="replace", index=False, **options
            )
        )
        label = "default" if method is None else "multi"
        writes[label] = bench.add(f"{name}: pandas.to_sql, method={method}", rows / seconds, "rows/s")
    candles.to_sql("by_pandas", engine, if_exists="replace", index=False)
    seconds = median_seconds(lambda: pd.read_sql("SELECT * FROM by_pandas", engine, parse_dates=["open_time"]))
    engine.dispose()
    return writes, bench.add(f"{name}: pandas.read_sql", len(candles) / seconds, "rows/s")


def databases(stack: ExitStack) -> Iterator[tuple[str, str]]:
    """Name and URL of an empty database of each kind that is here."""
    folder = stack.enter_context(tempfile.TemporaryDirectory())
    yield "SQLite", f"sqlite:///{folder}/candles.db"
    server = os.environ.get("ALGOTRADE_TEST_POSTGRES_URL") or stack.enter_context(wheel_server(safe=True)).url
    yield "PostgreSQL", stack.enter_context(new_database(server))
    timescale = os.environ.get("ALGOTRADE_TEST_TIMESCALE_URL")
    if timescale:
        url = stack.enter_context(new_database(timescale))
        execute(url, "CREATE EXTENSION IF NOT EXISTS timescaledb")
        yield "TimescaleDB", url
    else:
        print("TimescaleDB: not measured, ALGOTRADE_TEST_TIMESCALE_URL names no server")


def main() -> None:
    bench = Benchmark("store")
    with ExitStack() as stack:
        for name, url in databases(stack):
            writes, read = measure_pandas(bench, name, url)
            measure_writes(bench, name, url, writes)
            measure_reads(bench, name, url, read)
    bench.write()


if __name__ == "__main__":
    main()
