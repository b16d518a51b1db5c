"""``algotrade reference``."""

import click


@click.command()
@click.option("--features", is_flag=True, help="The catalogue of features instead, with formulas and sources.")
@click.option("--problems", is_flag=True, help="The problem codes of the service instead.")
def reference(*, features: bool, problems: bool) -> None:
    """Print every feature, model, strategy and importer as Markdown, from their own docstrings."""
    click.echo(_page(features=features, problems=problems), nl=False)


def _page(*, features: bool, problems: bool) -> str:
    if features and problems:
        raise click.UsageError("One page at a time: --features or --problems.")
    if problems:
        from algotrade.inference.problems.reference import problem_reference  # noqa: PLC0415 - each needs its own

        return problem_reference()
    if features:
        from algotrade.reporting.feature_catalogue import feature_catalogue  # noqa: PLC0415

        return feature_catalogue()
    from algotrade.reporting.reference import plug_in_reference  # noqa: PLC0415

    return plug_in_reference()
