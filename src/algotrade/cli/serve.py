"""``algotrade serve``."""

import click

from algotrade.cli.plain_errors import plain_errors


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), default=None, help="Port on 127.0.0.1; 3000 by default.")
def serve(port: int | None) -> None:
    """Serve the champion over HTTP, on this machine only."""
    from algotrade.inference.launch import launch  # noqa: PLC0415 - each command imports what it needs
    from algotrade.inference.settings import ServingSettings  # noqa: PLC0415

    with plain_errors():
        launch(ServingSettings() if port is None else ServingSettings(port=port))
