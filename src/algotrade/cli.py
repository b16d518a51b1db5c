"""Project commands; Kedro finds the group by its name and offers them as its own, too."""

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
