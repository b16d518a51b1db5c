"""How fast candles are consolidated and assessed, against the same consolidation written with pandas' groupby."""

import numpy as np
import pandas as pd
from measure import Benchmark, median_seconds

from algotrade.data.consolidation import consolidate
from algotrade.data.quality import assess_candles, inspect_candles
from algotrade.domain.candles import from_milliseconds
from algotrade.domain.timeframe import Timeframe

HOUR = Timeframe("1h")
SYMBOLS, CANDLES, EXCHANGES = 16, 60_000, ("binance", "bybit", "kraken")
PRICES, SUMS = ["open", "high", "low", "close"], ["volume", "quote_volume", "trades", "taker_buy_volume"]
KEYS = ["symbol", "open_time"]
NO_HOLES = pd.DataFrame(columns=["exchange", "symbol", "start", "end", "reason"])


def random_candles() -> pd.DataFrame:
    """Candles of three exchanges that differ by a few basis points."""
    rng = np.random.default_rng(7)
    times, parts = from_milliseconds(HOUR.milliseconds * np.arange(CANDLES)), []
    for place in range(SYMBOLS):
        path = 100.0 * np.exp(np.cumsum(rng.normal(0, 0.005, CANDLES)))
        for exchange in EXCHANGES:
            close = path * np.exp(rng.normal(0, 3e-4, CANDLES))
            opens = np.roll(close, 1)
            high, low = np.maximum(opens, close) * 1.001, np.minimum(opens, close) * 0.999
            values = {"open": opens, "high": high, "low": low, "close": close}
            sums = {name: rng.lognormal(3, 1, CANDLES) for name in SUMS}
            keys = {"exchange": exchange, "symbol": f"C{place:02}/USDT", "timeframe": "1h", "open_time": times}
            parts.append(pd.DataFrame({**keys, **values, **sums}))
    return pd.concat(parts, ignore_index=True)


def by_pandas(candles: pd.DataFrame) -> pd.DataFrame:
    """Those far from the median left out, prices weighted, the rest summed; no report on how far they were apart."""
    logs, keys = np.log(candles[PRICES]), [candles[key] for key in KEYS]
    distance = (logs - logs.groupby(keys).transform("median")).abs()
    limit = (4 * 1.4826 * distance.groupby(keys).transform("median")).clip(lower=0.01)
    kept = candles[(distance <= limit).all(axis=1)]
    weighted = kept[PRICES].mul(kept["volume"], axis=0).assign(**kept[SUMS])
    sums = weighted.groupby([kept[key] for key in KEYS]).sum()
    return sums.assign(**sums[PRICES].div(sums["volume"], axis=0))


def main() -> None:
    """Measure, print, write."""
    bench = Benchmark("quality")
    candles = random_candles()
    size = f"{SYMBOLS} symbols of {CANDLES:,} candles on {len(EXCHANGES)} exchanges"
    baseline = bench.add(
        f"consolidate by pandas.groupby, {size}", len(candles) / median_seconds(lambda: by_pandas(candles), 2), "rows/s"
    )
    bench.add(
        f"consolidate, {size}", len(candles) / median_seconds(lambda: consolidate(candles, HOUR)), "rows/s", baseline
    )
    one = candles[candles["exchange"] == EXCHANGES[0]].reset_index(drop=True)
    inspecting = len(one) / median_seconds(lambda: inspect_candles(one, HOUR), 2)
    inspected = bench.add(f"inspect, {SYMBOLS} symbols of {CANDLES:,} candles", inspecting, "rows/s")
    report = inspect_candles(one, HOUR).report
    assessing = len(one) / median_seconds(lambda: assess_candles(one, HOUR, report, NO_HOLES))
    bench.add(f"assess, {SYMBOLS} symbols of {CANDLES:,} candles", assessing, "rows/s", inspected)
    bench.write()


if __name__ == "__main__":
    main()
