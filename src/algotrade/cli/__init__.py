"""Project commands, one file each; Kedro finds the group by its name and offers them as its own, too."""

import click

from algotrade.cli.reference import reference
from algotrade.cli.serve import serve


@click.group()
def cli() -> None:
    """Commands of algotrade; the pipelines are run by ``kedro run``."""


for _command in (reference, serve):
    cli.add_command(_command)
