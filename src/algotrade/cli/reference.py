"""``algotrade reference``."""

import click


@click.command()
@click.option("--features", is_flag=True, help="The catalogue of features instead, with formulas and sources.")
def reference(*, features: bool) -> None:
    """Print every feature, model, strategy and importer as Markdown, from their own docstrings."""
    from algotrade.reporting.feature_catalogue import feature_catalogue  # noqa: PLC0415 - imports what it needs
    from algotrade.reporting.reference import plug_in_reference  # noqa: PLC0415

    click.echo(feature_catalogue() if features else plug_in_reference(), nl=False)
