"""A command's expected errors, shown as one message instead of a traceback."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from algotrade.errors import AlgotradeError


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn an error that the user can act on into click's own, which ends the command with status 1."""
    try:
        yield
    except AlgotradeError as error:
        raise click.ClickException(str(error)) from error
