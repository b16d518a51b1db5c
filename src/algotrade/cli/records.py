"""``algotrade records``."""

import signal
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import click

from algotrade.cli.database import database_option
from algotrade.cli.plain_errors import plain_errors

_exchange = click.option("--exchange", default="binance", show_default=True, help="As ccxt calls it.")
_symbols = click.option("--symbols", required=True, help="Separated by commas.")
_start = click.option("--start", default=None, help="As 2024-01-31T12:00; by default, where the store ends.")
_end = click.option("--end", default=None, help="The time before which to stop; now by default.")


@click.group()
def records() -> None:
    """Store what an exchange tells besides candles: funding rates, trades, the top of the order book."""


def _of_exchange(command: Callable[..., None]) -> Callable[..., None]:
    return _exchange(_symbols(database_option(command)))


@records.command()
@_of_exchange
@_start
@_end
def funding(exchange: str, symbols: str, database: str, start: str | None, end: str | None) -> None:
    """Funding rates of perpetuals, as BTC/USDT:USDT; of the last year where none are stored."""
    with plain_errors():
        from algotrade.data.exchange.record_keeping import keep_funding_rates  # noqa: PLC0415 - as all imports here
        from algotrade.domain.moment import utc_moment  # noqa: PLC0415

        kept, store = _opened(exchange, database)
        for symbol in _names(symbols):
            new = keep_funding_rates(kept, store, symbol, utc_moment(start), utc_moment(end))
            click.echo(f"{symbol}: {new} new funding rates of {kept.name}.")


@records.command()
@_of_exchange
@_start
@_end
@click.option("--candles", "timeframe", default=None, help="Make candles of this timeframe of them, and store those.")
def trades(**options: Any) -> None:
    """Every trade of a span; of the last hour where none are stored."""
    with plain_errors():
        from algotrade.data.exchange.record_keeping import keep_trade_candles, keep_trades  # noqa: PLC0415
        from algotrade.domain.moment import utc_moment  # noqa: PLC0415
        from algotrade.domain.timeframe import Timeframe  # noqa: PLC0415
        from algotrade.monitoring.run_log import configure_logging  # noqa: PLC0415

        configure_logging()
        kept, store = _opened(options["exchange"], options["database"])
        span = utc_moment(options["start"]), utc_moment(options["end"])
        timeframe = Timeframe(options["timeframe"]) if options["timeframe"] else None
        for symbol in _names(options["symbols"]):
            found = keep_trades(kept, store, symbol, *span, *([timeframe] if timeframe else []))
            click.echo(f"{symbol}: {found.new} new trades of {kept.name}.")
            if timeframe is not None:
                made = keep_trade_candles(kept, store, symbol, timeframe, found)
                click.echo(f"{symbol}: {made} new {timeframe} candles of trades.")


@records.command()
@_of_exchange
@click.option("--every", type=click.FloatRange(0.1), default=1.0, show_default=True, help="Seconds between two.")
@click.option("--count", type=click.IntRange(1), default=None, help="Stop after so many; Ctrl-C stops it, too.")
def book(exchange: str, symbols: str, database: str, every: float, count: int | None) -> None:
    """The best bid and ask, again and again."""
    stop = threading.Event()

    def stopped(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stopped)
    with plain_errors():
        from algotrade.data.exchange.record_keeping import keep_book_tops  # noqa: PLC0415

        kept, store = _opened(exchange, database)
        new = keep_book_tops(kept, store, _names(symbols), every_seconds=every, count=count, stop=stop, say=click.echo)
        click.echo(f"{new} new tops of the book of {kept.name}.")


@records.command("import-funding")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--exchange", default=None, help="To file the rates under; by default the folder that holds a file.")
@database_option
def import_funding(path: Path, exchange: str | None, database: str) -> None:
    """Funding rates of files, as Binance, freqtrade or a tidy table keep them; PATH is a file or a folder."""
    with plain_errors():
        from algotrade.data.importers.funding_rates import read_funding_rates  # noqa: PLC0415
        from algotrade.data.store import CandleStore  # noqa: PLC0415

        store, found = CandleStore(database), read_funding_rates(path, exchange)
        for (name, symbol), rates in found.frame.groupby(["exchange", "symbol"], sort=True):
            click.echo(f"{symbol}: {store.add_funding_rates(rates).new} new funding rates of {name}.")
        for note in found.notes:
            click.echo(note)


def _opened(exchange: str, database: str) -> tuple[Any, Any]:
    from algotrade.data.exchange.records import ExchangeRecords  # noqa: PLC0415
    from algotrade.data.store import CandleStore  # noqa: PLC0415

    return ExchangeRecords(exchange), CandleStore(database)


def _names(symbols: str) -> list[str]:
    from algotrade.domain.symbol import unified_symbol  # noqa: PLC0415

    return [unified_symbol(name) for name in symbols.replace("+", ",").split(",") if name.strip()]
