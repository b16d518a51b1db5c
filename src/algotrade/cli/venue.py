"""``algotrade venue``."""

from pathlib import Path
from typing import Any

import click

from algotrade.cli.plain_errors import plain_errors


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0 takes a free one.")
@click.option("--speed", type=click.FloatRange(0), default=1.0, show_default=True, help="Venue seconds in a second.")
@click.option("--symbols", default=None, help="Separated by commas, as in BTC/USDT,ETH/USDT.")
@click.option("--timeframe", default="1m", show_default=True, help="Of the shortest candles; longer ones are made.")
@click.option("--path", type=click.Path(path_type=Path), default=None, help="Serve a folder of candle files.")
@click.option("--database", default=None, help="Serve a candle store, by its URL; needs --exchange.")
@click.option("--exchange", default=None, help="Which exchange of the folder or the store.")
@click.option("--now", default=None, help="The venue's time at the start, as in 2024-01-31T12:00.")
@click.option("--history-days", type=click.FloatRange(0), default=7.0, show_default=True, help="Simulated history.")
@click.option("--seed", type=click.IntRange(0), default=7, show_default=True, help="Of the simulated market.")
@click.option("--skew-ms", type=int, default=0, help="How far the venue's clock is ahead.")
@click.option("--faults", default=None, help="What goes wrong: JSON, or a file of it.")
@click.option("--fault-seed", type=int, default=0, show_default=True, help="Of what the faults draw.")
def venue(**options: Any) -> None:
    """Run an exchange on this machine that speaks Binance's market-data protocol."""
    from algotrade.simulation.venue.launch import VenueOptions, launch  # noqa: PLC0415

    with plain_errors():
        launch(VenueOptions(**options), click.echo)
