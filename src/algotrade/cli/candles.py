"""``algotrade candles``: the stored candles of exchanges, brought up to date and looked at without a pipeline run."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from algotrade.cli.database import database_option
from algotrade.cli.plain_errors import plain_errors

if TYPE_CHECKING:
    from algotrade.data.store import CandleStore

Command = Callable[..., Any]


class _Day(click.ParamType[datetime]):
    """A date or time, in UTC unless it says otherwise."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        try:
            moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is no date; accepted is one like 2024-01-01 or 2024-01-01T12:00.", param, ctx)
        return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


@click.group()
def candles() -> None:
    """Download candles of exchanges into the candle store, and see what is there."""


def _series_options(command: Command) -> Command:
    """Which series a command is about."""
    for option in (
        click.option("--workers", type=click.IntRange(1), default=4, show_default=True, help="Series at a time."),
        database_option,
        click.option("--timeframe", default="1h", show_default=True),
        click.option("--symbols", default=None, help="As in BTC/USDT,ETH/USDT; by default those that are stored."),
        click.option("--exchange", default="binance", show_default=True, help="One, or several: binance+kraken."),
    ):
        command = option(command)
    return command


@candles.command()
@_series_options
@click.option("--start", type=_Day(), default=None, help="First candle; by default the first stored one.")
@click.option("--end", type=_Day(), default=None, help="Where to stop; by default the newest that has closed.")
def update(**options: Any) -> None:
    """Fetch what is missing: at both ends, and in between."""
    _download("incremental", **options)


@candles.command()
@_series_options
@click.option("--start", type=_Day(), required=True, help="First candle.")
@click.option("--end", type=_Day(), default=None, help="Where to stop; by default the newest that has closed.")
def backfill(**options: Any) -> None:
    """Fetch what is missing from a date on."""
    _download("backfill", **options)


@candles.command()
@_series_options
@click.option("--start", type=_Day(), default=None, help="From here on; by default everywhere.")
@click.option("--end", type=_Day(), default=None, help="Up to here.")
@click.option("--force", is_flag=True, help="Ask once more for holes that the exchange is known to have.")
def repair(**options: Any) -> None:
    """Fetch what is missing between the first and the last stored candle."""
    _download("repair", **options)


@candles.command()
@_series_options
@click.option("--last", type=click.IntRange(1), default=500, show_default=True, help="How many candles.")
def refresh(**options: Any) -> None:
    """Fetch the latest candles again, and correct what the exchange has corrected."""
    _download("refresh", **options)


@candles.command()
@click.option("--exchange", default=None, help="Only this one, as it is filed.")
@click.option("--timeframe", default=None, help="Only this one.")
@database_option
def status(exchange: str | None, timeframe: str | None, database: str) -> None:
    """Show what is stored, what is missing, and what the exchanges do not have."""
    from algotrade.data.download.status import series_status  # noqa: PLC0415 - each command imports what it needs
    from algotrade.data.store import CandleStore  # noqa: PLC0415

    with plain_errors():
        table = series_status(CandleStore(database), exchange, timeframe)
        if table.empty:
            click.echo("Nothing is stored yet. `algotrade candles backfill --start 2024-01-01` begins.")
            return
        times = {name: table[name].dt.strftime("%Y-%m-%d %H:%M") for name in ("start", "end")}
        click.echo(table.assign(**times).to_string(index=False))


def _download(mode: str, *, exchange: str, symbols: str | None, timeframe: str, database: str, **order: Any) -> None:
    from algotrade.data.download import DownloadOrder, Mode, download  # noqa: PLC0415
    from algotrade.data.source import exchange_names  # noqa: PLC0415
    from algotrade.data.store import CandleStore  # noqa: PLC0415
    from algotrade.domain.timeframe import Timeframe  # noqa: PLC0415
    from algotrade.monitoring.run_log import configure_logging  # noqa: PLC0415

    configure_logging()
    with plain_errors():
        store, exchanges, length = CandleStore(database), exchange_names(exchange), Timeframe(timeframe)
        named = [name for name in re.split(r"[+,;\s]+", symbols or "") if name]
        chosen = named or _stored(store, exchanges, timeframe)
        report = download(store, DownloadOrder(exchanges, chosen, length, Mode(mode), **order))
        click.echo(report.frame.to_string(index=False))
        click.echo(f"{report}.")


def _stored(store: "CandleStore", exchanges: list[str], timeframe: str) -> list[str]:
    """The symbols that are stored of any of the exchanges."""
    from algotrade.data.exchange.clients import exchange_name  # noqa: PLC0415

    series = store.series()
    filed = [exchange_name(exchange) for exchange in exchanges]
    rows = series[series["exchange"].isin(filed) & (series["timeframe"] == timeframe)]
    if rows.empty:
        raise click.UsageError(
            f"Nothing is stored of {', '.join(filed)} {timeframe}: name the symbols, as in --symbols BTC/USDT,ETH/USDT."
        )
    return sorted(rows["symbol"].unique())
