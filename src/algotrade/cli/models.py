"""``algotrade models``: which models are registered, which one reigns, and who decides that by hand."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from algotrade.cli.plain_errors import plain_errors
from algotrade.errors import RegistryError

if TYPE_CHECKING:
    from algotrade.tracking import Championship, RegisteredVersion

REGISTRY_VARIABLE = "MLFLOW_TRACKING_URI"
_COLUMNS = ("no.", "version", "model", "registered", "trained until", "gate", "alias")


@click.group()
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    default=lambda: os.environ.get("ALGOTRADE_DATA", "data"),
    show_default="ALGOTRADE_DATA, else data",
    help="Data folder that the pipelines write to.",
)
@click.option(
    "--registry",
    default=None,
    envvar=REGISTRY_VARIABLE,
    show_default=f"{REGISTRY_VARIABLE}, else mlflow.db in the data folder",
    help="URI of MLflow's tracking server or database.",
)
@click.pass_context
def models(context: click.Context, data: Path, registry: str | None) -> None:
    """List, show, promote and roll back the registered models.

    A VERSION is the name of a bundle, its unique beginning, or the number in the registry.
    """
    context.obj = {"data": data, "registry": registry}


@models.command("list")
@click.pass_obj
def list_models(options: dict[str, Any]) -> None:
    """All registered models, the newest first, and which of them is served."""
    with plain_errors():
        from algotrade.tracking.champion import why_no_champion  # noqa: PLC0415 - as all imports here

        championship = _championship(options)
        versions = championship.registry.versions()
        _print_table([_line(version) for version in versions])
        served = championship.folder.manifest()
        if served is None:
            click.echo(why_no_champion(championship.folder.models))
        else:
            click.echo(f"{served.model} {served.version} is the champion, in {championship.folder.link}.")
        if mismatch := championship.mismatch():
            click.echo(mismatch)


@models.command()
@click.argument("version")
@click.pass_obj
def show(options: dict[str, Any], version: str) -> None:
    """What is known of a version, and every decision about it."""
    with plain_errors():
        championship = _championship(options)
        found = championship.registry.find(version)
        for name, value in {"number": str(found.number), "aliases": ", ".join(found.aliases), **found.tags}.items():
            click.echo(f"{name}: {value}")
        for record in championship.history.records():
            if found.version in {record.before, record.after, _challenger(record.details)}:
                click.echo(f"{record.time} {record.kind} by {record.who}: {record.reason}")


@models.command()
@click.argument("version")
@click.option("--force", is_flag=True, help="Also if it has not passed the gate; then say why.")
@click.option("--reason", default="", help="Goes into the book of decisions.")
@click.pass_obj
def promote(options: dict[str, Any], version: str, reason: str, *, force: bool) -> None:
    """Make a version the champion: alias and served folder at once."""
    with plain_errors():
        promoted = _championship(options).promote(version, reason, force=force)
    click.echo(f"{_title(promoted)} is the champion now. A running service serves it within a second.")


@models.command()
@click.option("--reason", default="", help="Goes into the book of decisions.")
@click.pass_obj
def rollback(options: dict[str, Any], reason: str) -> None:
    """Make the champion before the present one the champion again."""
    with plain_errors():
        restored = _championship(options).rollback(reason)
    click.echo(f"{_title(restored)} is the champion again. A running service serves it within a second.")


def _championship(options: dict[str, Any]) -> "Championship":
    from algotrade.data.keys import BundleKeys  # noqa: PLC0415
    from algotrade.tracking import Championship, ModelRegistry  # noqa: PLC0415

    uri, own = options["registry"], Path(options["data"]) / "mlflow.db"
    if uri is None and not own.is_file():
        raise RegistryError(f"No model is registered yet: there is no {own}. Train models with `make run` first.")
    registry = ModelRegistry(uri=uri or f"sqlite:///{own}")
    return Championship.of(Path(options["data"]) / "06_models", registry, BundleKeys().verifying)


def _line(version: "RegisteredVersion") -> tuple[str, ...]:
    return (
        str(version.number),
        version.version,
        version.tags.get("model", ""),
        f"{version.created_time:%Y-%m-%d %H:%M}",
        version.tags.get("training_end", "")[:16].replace("T", " "),
        version.gate,
        ", ".join(version.aliases),
    )


def _print_table(rows: list[tuple[str, ...]]) -> None:
    table = [_COLUMNS, *rows]
    widths = [max(len(row[column]) for row in table) for column in range(len(_COLUMNS))]
    for row in table:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _challenger(details: dict[str, Any]) -> str | None:
    return (details.get("challenger") or {}).get("version")


def _title(version: "RegisteredVersion") -> str:
    return f"{version.tags.get('model', 'model')} {version.version}"
