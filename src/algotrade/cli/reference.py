"""``algotrade reference``."""

import click


@click.command()
def reference() -> None:
    """Print every feature, model, strategy and importer as Markdown, from their own docstrings."""
    from algotrade.reporting.reference import plug_in_reference  # noqa: PLC0415 - each command imports what it needs

    click.echo(plug_in_reference(), nl=False)
