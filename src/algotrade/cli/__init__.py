"""Project commands, one file each; Kedro finds the group by its name and offers them as its own, too."""

import click

from algotrade.cli.serve import serve
from algotrade.cli.venue import venue


@click.group()
def cli() -> None:
    """Commands of algotrade; the pipelines are run by ``kedro run``."""


for _command in (serve, venue):
    cli.add_command(_command)
