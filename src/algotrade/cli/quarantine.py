"""``algotrade quarantine``: what was set aside, why, and back into the candles."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import click

from algotrade.cli.database import database_option
from algotrade.cli.plain_errors import plain_errors

if TYPE_CHECKING:
    import pandas as pd

Command = Callable[..., Any]

_NUMBERS = ("open", "high", "low", "close", "volume", "quote_volume", "trades", "taker_buy_volume")


@click.group()
def quarantine() -> None:
    """Rows that are no candles: list them, explain them, release them."""


def _filters(command: Command) -> Command:
    """Which rows a command is about."""
    for option in (
        database_option,
        click.option("--reason", default=None, help="A part of it, as in 'volume is negative'."),
        click.option("--timeframe", default=None, help="As in 1h."),
        click.option("--symbol", default=None, help="As in BTC/USDT."),
        click.option("--exchange", default=None, help="As in binance."),
    ):
        command = option(command)
    return command


@quarantine.command("list")
@_filters
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="Show at most so many rows.")
@click.option("--released", is_flag=True, help="Those that were released, too.")
def list_rows(limit: int, database: str, **filters: Any) -> None:
    """List the rows, each with its id, and count them by reason."""
    from algotrade.data.quarantine import Quarantine  # noqa: PLC0415 - pandas is heavy

    with plain_errors():
        rows = Quarantine.at(database).rows(**filters)
        click.echo(_listing(rows, limit))


@quarantine.command()
@click.argument("ids", nargs=-1, required=True)
@database_option
def explain(ids: tuple[str, ...], database: str) -> None:
    """Show rows with their reason, what is stored around them, and whether they can be candles.

    IDS are as the list shows them; their first characters do where no other row has the same.
    """
    from algotrade.data.quarantine import Quarantine  # noqa: PLC0415

    with plain_errors():
        rows = Quarantine.at(database).explained(ids)
        click.echo("\n\n".join(_explanation({str(key): row[key] for key in row}) for row in rows.to_dict("records")))


@quarantine.command()
@click.argument("ids", nargs=-1)
@_filters
@click.option("--replace", is_flag=True, help="Let them take the place of candles that are stored.")
@click.option("--dry-run", is_flag=True, help="Check only.")
def release(ids: tuple[str, ...], database: str, replace: bool, dry_run: bool, **filters: Any) -> None:
    """Make candles of rows: those with these IDS, or all that the options choose; all of them or none.

    A row that breaks the contract of a candle cannot be released. Released rows stay in the list, marked.
    """
    from algotrade.data.quarantine import Quarantine  # noqa: PLC0415

    with plain_errors():
        office = Quarantine.at(database)
        chosen = office.releasable(office.chosen(ids, **filters), replace=replace)
        if dry_run:
            click.echo(f"{len(chosen):,} rows can be released.")
            return
        count = office.release(chosen)
        click.echo(
            f"{len(chosen):,} rows released: {count.new:,} new candles, {count.changed:,} replaced, "
            f"{count.unchanged:,} already stored. Run the ingestion pipeline to use them."
        )


def _listing(rows: "pd.DataFrame", limit: int) -> str:
    """The first rows as a table, and the counts by reason of all of them."""
    if rows.empty:
        return "No rows in quarantine."
    shown = rows.head(limit)
    lines = [_line({str(key): value for key, value in row.items()}) for row in shown.to_dict("records")]
    counts = rows["reason"].value_counts()
    more = [f"... and {len(rows) - len(shown):,} more; --limit shows more of them."] if len(rows) > len(shown) else []
    totals = [f"{count:,} rows: {reason}" for reason, count in counts.items()]
    return "\n".join([*lines, *more, "", *totals])


def _line(row: Mapping[str, Any]) -> str:
    from algotrade.data.quarantine import SHORT_ID  # noqa: PLC0415

    released = f" (released {_time(row['released_at'])})" if _known(row["released_at"]) else ""
    prices = " ".join(f"{name[0]} {row[name]:g}" for name in _NUMBERS[:5])
    series = f"{row['exchange']} {row['symbol']} {row['timeframe']}"
    return "  ".join((row["row_id"][:SHORT_ID], _time(row["open_time"]), series, prices, row["reason"] + released))


def _explanation(row: Mapping[str, Any]) -> str:
    """One row, why it is in quarantine, what is around it, and what can be done."""
    around = ", ".join(
        f"{label} {row[key]:g}" if _known(row[key]) else f"{label} not stored"
        for key, label in (
            ("previous_close", "close before"),
            ("stored_close", "close at its time"),
            ("next_open", "open after"),
        )
    )
    return "\n".join(
        (
            f"{row['row_id']}",
            f"  series     {row['exchange']} {row['symbol']} {row['timeframe']}, {_time(row['open_time'])}",
            f"  numbers    {', '.join(f'{name} {row[name]:g}' for name in _NUMBERS if _known(row[name]))}",
            f"  origin     {row['origin'] or 'not known'}",
            f"  reason     {row['reason']}",
            f"  stored     {around}",
            f"  release    {_prospect(row)}",
        )
    )


def _prospect(row: Mapping[str, Any]) -> str:
    if _known(row["released_at"]):
        return f"was released {_time(row['released_at'])}"
    if row["obstacle"]:
        return f"not possible: {row['obstacle']}"
    if _known(row["stored_close"]):
        return "possible with --replace: another candle is stored at its time"
    return "possible"


def _time(time: Any) -> str:
    return f"{time:%Y-%m-%d %H:%M} UTC" if _known(time) else "no time".ljust(20)


def _known(value: Any) -> bool:
    """Whether a number or a time is there: what is missing differs from itself."""
    return value is not None and bool(value == value)  # noqa: PLR0124
