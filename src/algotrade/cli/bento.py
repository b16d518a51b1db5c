"""``algotrade bento``."""

import os
from pathlib import Path

import click

from algotrade.cli.plain_errors import plain_errors


@click.command()
@click.option(
    "--home", type=click.Path(path_type=Path), default=None, help="BENTOML_HOME, else .bentoml below the data."
)
def bento(home: Path | None) -> None:
    """Package the champion with code and locked dependencies as a Bento."""
    with plain_errors():
        from algotrade.inference.packaging import build_bento  # noqa: PLC0415 - as all imports here
        from algotrade.inference.settings import ServingSettings  # noqa: PLC0415

        settings = ServingSettings()
        named = home or os.environ.get("BENTOML_HOME")
        store = Path(named).absolute() if named else settings.bentoml_home
        built = build_bento(settings.bundle_folder, store)
    click.echo(f"{built.tag} {'is' if built.anew else 'was already'} in {built.folder}. From any folder:")
    click.echo(f"BENTOML_HOME={built.home} bentoml serve {built.tag}")
