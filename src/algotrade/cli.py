"""Project commands; Kedro finds the group by its name and offers them as its own, too."""

from pathlib import Path
from typing import Any

import click

from algotrade.errors import AlgotradeError


@click.group()
def cli() -> None:
    """Commands of algotrade; the pipelines are run by ``kedro run``."""


@cli.command()
@click.option("--port", type=click.IntRange(1, 65535), default=None, help="Port on 127.0.0.1; 3000 by default.")
def serve(port: int | None) -> None:
    """Serve the champion over HTTP, on this machine only."""
    from algotrade.inference.launch import launch  # noqa: PLC0415 - each command imports what it needs
    from algotrade.inference.settings import ServingSettings  # noqa: PLC0415

    try:
        launch(ServingSettings() if port is None else ServingSettings(port=port))
    except AlgotradeError as error:
        raise click.ClickException(str(error)) from error


@cli.command()
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

    try:
        launch(VenueOptions(**options), click.echo)
    except AlgotradeError as error:
        raise click.ClickException(str(error)) from error
