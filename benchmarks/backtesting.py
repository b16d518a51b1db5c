"""Backtests a second: our kernel against vectorbt on the same target weights, prices and costs.

Both account for a shared cash balance, decide at the close and fill at the next open. Memory of the machine
and compilation (the first call of each) are left out.
"""

import numpy as np
import pandas as pd
import vectorbt as vbt
from measure import Benchmark, median_seconds

from algotrade.backtesting.simulate import SimulationSettings, account_ledger
from algotrade.domain.candles import FloatArray, Panel
from algotrade.domain.costs import Costs
from algotrade.domain.timeframe import Timeframe
from algotrade.simulation.market import MarketSettings, simulate_market
from algotrade.strategies import MarketView, build_strategy

SYMBOLS = tuple(f"C{number:02d}/USDT" for number in range(16))
CANDLES = 20_000
COSTS = Costs(fee_bps=10.0, slippage_bps=5.0)
SETTINGS = SimulationSettings(rebalance_band=0.0)


def by_vectorbt(panel: Panel, weights: FloatArray) -> float:
    """Final equity by vectorbt; a weight decided in one row is filled at the open of the next."""
    portfolio = vbt.Portfolio.from_orders(
        close=pd.DataFrame(panel.close),
        size=pd.DataFrame(weights).shift(1),
        size_type="targetpercent",
        price=pd.DataFrame(panel.open),
        val_price=pd.DataFrame(panel.open),
        fees=COSTS.fee_rate,
        slippage=COSTS.slippage_rate,
        init_cash=SETTINGS.initial_cash,
        cash_sharing=True,
        group_by=True,
        call_seq="auto",
    )
    return float(portfolio.value().iloc[-1])


def main() -> None:
    """Measure and write the figures."""
    market = simulate_market(MarketSettings(symbols=SYMBOLS, candles=CANDLES, seed=7))
    panel = Panel.from_frame(market, Timeframe("1h"))
    weights = build_strategy("momentum").target_weights(MarketView(panel))
    bench = Benchmark("backtesting")
    ours = account_ledger(panel, weights, COSTS, SETTINGS).equity[-1]
    theirs = by_vectorbt(panel, weights)
    bench.add("final equity, difference between the two", abs(ours / theirs - 1.0), "fraction")
    print(f"{CANDLES * len(SYMBOLS):,} candles, {np.count_nonzero(np.diff(weights, axis=0)):,} changed weights")
    peer = bench.add("vectorbt", 1 / median_seconds(lambda: by_vectorbt(panel, weights), 5), "runs/s")
    kernel = 1 / median_seconds(lambda: account_ledger(panel, weights, COSTS, SETTINGS), 5)
    bench.add("kernel", kernel, "runs/s", peer)
    bench.write()


if __name__ == "__main__":
    main()
