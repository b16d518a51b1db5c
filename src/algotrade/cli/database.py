"""Which candle store a command works on."""

import os
from collections.abc import Callable
from typing import Any

import click

URL_VARIABLE = "ALGOTRADE_DATABASE_URL"


def default_database() -> str:
    """What ``ALGOTRADE_DATABASE_URL`` names, else the embedded store in the data folder, as ``kedro run`` has it."""
    folder = os.environ.get("ALGOTRADE_DATA", "data")
    return os.environ.get(URL_VARIABLE) or f"sqlite:///{folder}/02_intermediate/candles.db"


def database_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """The option ``--database`` of a command."""
    return click.option(
        "--database",
        default=default_database,
        show_default=f"{URL_VARIABLE}, else data/02_intermediate/candles.db",
        help="URL of the candle store.",
    )(command)
