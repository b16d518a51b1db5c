"""Downloads over exchanges and symbols at the same time."""

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from functools import partial

from algotrade.data.download.orders import DownloadOrder
from algotrade.data.download.outcome import DownloadReport, SeriesOutcome
from algotrade.data.download.work import Arrived, SeriesPlan, download_series, order_by_exchange, plan_exchange
from algotrade.data.exchange import ExchangeGateway
from algotrade.data.store import CandleStore
from algotrade.errors import AlgotradeError, DataError, VenueError, VenueUnavailable
from algotrade.monitoring.progress import progress

logger = logging.getLogger(__name__)

GatewayOf = Callable[[str, Callable[[float], None]], ExchangeGateway]
"""Gateway of an exchange that waits by the given function."""


Refused = VenueError | DataError
"""Why a series could not be completed although the store is well."""


class _Stopped(AlgotradeError):
    """The download was told to stop while it waited."""


def _gateway(exchange_id: str, sleep: Callable[[float], None]) -> ExchangeGateway:
    return ExchangeGateway(exchange_id, sleep=sleep)


def download(store: CandleStore, order: DownloadOrder, gateway_of: GatewayOf = _gateway) -> DownloadReport:
    """Bring the series of an order up to date in the store.

    What is missing is found first, then asked for: several series of an exchange at the same time, within the one
    pace that the exchange allows, and all exchanges at once. Each batch is stored as it arrives, so that a download
    that is interrupted in any way has lost nothing that was stored, and the next one goes on where it ended.

    Parameters
    ----------
    store : CandleStore
    order : DownloadOrder
    gateway_of : callable, optional

    Raises
    ------
    ConfigurationError
        If an exchange, symbol or timeframe is not known, before anything is downloaded. Of several exchanges it
        is enough if one lists a symbol.
    VenueError
        If some series could not be completed (VenueUnavailable if trying again may help); the others are.
    StoreError
        If the store cannot be used; the download ends at once.
    """
    stop = threading.Event()

    def sleep(seconds: float) -> None:
        if stop.wait(seconds):
            raise _Stopped("The download was stopped.")

    gateways = [gateway_of(exchange, sleep) for exchange in dict.fromkeys(order.exchanges)]
    try:
        with ThreadPoolExecutor(len(gateways), "plan") as pool:
            orders = order_by_exchange(gateways, order)
            planned = list(pool.map(partial(plan_exchange, store), gateways, orders))
        outcomes = _downloaded(store, planned, order.workers, stop)
    finally:
        stop.set()
    report = DownloadReport(tuple(outcomes))
    logger.info("%s", report)
    return report


def _downloaded(
    store: CandleStore, planned: Sequence[Sequence[SeriesPlan]], workers: int, stop: threading.Event
) -> list[SeriesOutcome]:
    """Outcome of every plan; the pools have ended when it returns, or raises."""
    plans = [plan for of_exchange in planned for plan in of_exchange]
    names = ", ".join(dict.fromkeys(plan.gateway.name for plan in plans))
    pools = [ThreadPoolExecutor(workers, f"download-{number}") for number in range(len(planned))]
    with progress(f"candles from {names}", total=sum(plan.candles for plan in plans)) as advance:
        lock = threading.Lock()

        def arrived(symbol: str, candles: int) -> None:
            with lock:
                advance(symbol, steps=candles)

        try:
            futures = [
                pool.submit(_attempt, store, plan, arrived, stop)
                for pool, of_exchange in zip(pools, planned, strict=True)
                for plan in of_exchange
            ]
            wait(futures, return_when=FIRST_EXCEPTION)
        finally:
            _close(pools, stop)
    return _outcomes(plans, futures)


def _attempt(store: CandleStore, plan: SeriesPlan, arrived: Arrived, stop: threading.Event) -> SeriesOutcome | Refused:
    """Outcome of a plan, or why it could not be completed: that does not end the others."""
    try:
        return download_series(store, plan, arrived, stop.is_set)
    except (VenueError, DataError) as error:
        return error


def _close(pools: Sequence[ThreadPoolExecutor], stop: threading.Event) -> None:
    """Let what is running come to its end: at once if something went wrong, or the user has had enough."""
    stop.set()
    for pool in pools:
        pool.shutdown(wait=True, cancel_futures=True)


def _outcomes(plans: Sequence[SeriesPlan], futures: "Sequence[Future[SeriesOutcome | Refused]]") -> list[SeriesOutcome]:
    failed = [future.exception() for future in futures if not future.cancelled() and future.exception()]
    causes = [error for error in failed if not isinstance(error, _Stopped)]
    if causes and causes[0] is not None:
        raise causes[0]
    results = [future.result() for future in futures]
    _raise_for(
        [(plan, result) for plan, result in zip(plans, results, strict=True) if isinstance(result, Refused)], plans
    )
    return [result for result in results if isinstance(result, SeriesOutcome)]


def _raise_for(refused: "Sequence[tuple[SeriesPlan, Refused]]", plans: Sequence[SeriesPlan]) -> None:
    """Raise one error for all series that are not complete: one that trying again does not help, if there is one."""
    if not refused:
        return
    worst = next((error for _, error in refused if not isinstance(error, VenueUnavailable)), refused[0][1])
    kind = VenueUnavailable if isinstance(worst, VenueUnavailable) else type(worst)
    names = [f"{plan.gateway.name} {plan.state.symbol}" for plan, _ in refused]
    listed = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    raise kind(
        f"{worst} {len(refused)} of {len(plans)} series are not complete ({listed}); what has arrived is stored, and "
        "the next run goes on from there."
    ) from worst
