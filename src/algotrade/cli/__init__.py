"""Project commands, one file each; Kedro finds the group by its name and offers them as its own, too."""

import click

from algotrade.cli.candles import candles
from algotrade.cli.drift import drift
from algotrade.cli.keys import keys
from algotrade.cli.models import models
from algotrade.cli.quarantine import quarantine
from algotrade.cli.records import records
from algotrade.cli.reference import reference
from algotrade.cli.repeat import repeat
from algotrade.cli.report import report
from algotrade.cli.serve import serve
from algotrade.cli.stream import stream
from algotrade.cli.sweep import sweep
from algotrade.cli.venue import venue


@click.group()
def cli() -> None:
    """Commands of algotrade; the pipelines are run by ``kedro run``."""


for _command in (
    candles,
    drift,
    keys,
    models,
    quarantine,
    records,
    reference,
    repeat,
    report,
    serve,
    stream,
    sweep,
    venue,
):
    cli.add_command(_command)
