"""A sweep shared out among processes: the same results, sooner."""

import os
import tempfile
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import cache, partial
from multiprocessing import get_context, parent_process
from pathlib import Path

from algotrade.backtesting.sweep import Sweep, TradingTerms, sweep_part
from algotrade.errors import BacktestError
from algotrade.strategies import MarketView, Strategy


def sweep_elsewhere(
    view: MarketView, parts: Sequence[Sequence[Strategy]], terms: TradingTerms, workers: int
) -> Iterator[Sweep]:
    """The sweep of each part, in order, from as many processes; all of them read one copy of the candles.

    Raises
    ------
    BacktestError
        If a process was ended from outside.
    """
    import joblib  # noqa: PLC0415 - with several workers only

    with tempfile.TemporaryDirectory(prefix="algotrade-sweep-") as folder:
        path = Path(folder) / "view.joblib"
        joblib.dump(view, path)
        # Forked from a server without threads, which imports once what all of them need.
        context = get_context("forkserver")
        context.set_forkserver_preload(["__main__", __name__])
        with ProcessPoolExecutor(workers, mp_context=context, initializer=_end_with_the_parent) as pool:
            try:
                yield from pool.map(partial(_sweep, path, terms), parts)
            except BrokenProcessPool as error:
                raise BacktestError(
                    f"One of {workers} processes of the sweep was ended from outside, most likely for want of memory. "
                    "What is finished is kept; run it again with fewer workers."
                ) from error
            finally:
                pool.shutdown(wait=False, cancel_futures=True)


def _sweep(path: Path, terms: TradingTerms, part: Sequence[Strategy]) -> Sweep:
    return sweep_part(_mapped(path), part, terms)


@cache
def _mapped(path: Path) -> MarketView:
    """The view as the parent wrote it, mapped into memory."""
    import joblib  # noqa: PLC0415 - with several workers only

    view: MarketView = joblib.load(path, mmap_mode="r")
    return view


def _end_with_the_parent() -> None:
    """Let this process end when the one that it works for was killed, which cannot tell it so."""
    parent = parent_process()

    def wait() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
