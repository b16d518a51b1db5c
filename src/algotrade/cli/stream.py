"""``algotrade stream``."""

from pathlib import Path
from typing import Any

import click

from algotrade.cli.database import database_option
from algotrade.cli.plain_errors import plain_errors


@click.command()
@click.option("--exchange", default="binance", show_default=True, help="As ccxt calls it.")
@click.option("--symbols", default=None, help="Separated by commas; by default those of the model that is served.")
@click.option("--timeframe", default=None, help="That of the model that is served by default, else 1m.")
@database_option
@click.option("--candles", type=click.IntRange(1), default=None, help="Stop after so many, of all symbols together.")
@click.option("--bundle", type=click.Path(path_type=Path), default=None, help="Folder of the model that is served.")
@click.option("--online/--no-online", default=True, help="Whether to update the features that the service serves.")
@click.option("--metrics-port", type=click.IntRange(1, 65535), default=None, help="Show metrics on 127.0.0.1.")
def stream(**options: Any) -> None:
    """Keep the candle store, and the features that are served, up to date as candles close."""
    from algotrade.inference.live_launch import StreamOptions, launch  # noqa: PLC0415 - imports what it needs
    from algotrade.monitoring.run_log import configure_logging  # noqa: PLC0415

    configure_logging()
    with plain_errors():
        launch(StreamOptions(**options), click.echo)
