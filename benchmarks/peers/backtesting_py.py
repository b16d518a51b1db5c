"""backtesting.py on random candles, run by the Python of an environment that has it.

    python benchmarks/peers/backtesting_py.py CANDLES

prints one line of JSON: CPU seconds, peak memory (MB) and final equity. `benchmarks/backtest.py` calls it.
"""

import json
import resource
import sys
import time

import numpy as np
import pandas as pd

from backtesting import Backtest, Strategy


class Cross(Strategy):
    """All in while the average of 20 closes is above that of 100."""

    def init(self) -> None:
        close = pd.Series(self.data.Close)
        self.fast, self.slow = (self.I(lambda n=n: close.rolling(n).mean(), plot=False) for n in (20, 100))

    def next(self) -> None:
        if self.fast[-1] > self.slow[-1]:
            if not self.position:
                self.buy(size=0.99)
        elif self.position:
            self.position.close()


def main(candles: int) -> dict[str, float]:
    rng = np.random.default_rng(7)
    close = 100.0 * np.exp(np.cumsum(0.005 * rng.standard_normal(candles)))
    opens = np.concatenate([[100.0], close[:-1]])
    index = pd.date_range("2000-01-01", periods=candles, freq="h")
    ends = {"Open": opens, "High": np.maximum(opens, close), "Low": np.minimum(opens, close), "Close": close}
    data = pd.DataFrame(ends | {"Volume": 1.0}, index=index)
    # The spread is paid on entry only there, so slippage counts as commission; cash for its whole units.
    test = Backtest(data, Cross, cash=1e9, commission=0.0015, finalize_trades=True)
    Backtest(data.iloc[:2_000], Cross, cash=1e9, commission=0.0015, finalize_trades=True).run()
    started = time.process_time()
    final = float(test.run()["Equity Final [$]"])
    seconds = time.process_time() - started
    return {"seconds": seconds, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "final": final}


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]))))
