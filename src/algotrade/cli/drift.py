"""``algotrade drift``: whether the newest features are other than those that the champion learned from."""

import json
import os
from pathlib import Path
from typing import Any

import click

from algotrade.cli.plain_errors import plain_errors
from algotrade.errors import DataError

DRIFT_STATUS = 3
"""Exit status where drift was detected; 1 is an error, 2 a wrong option."""


def _default_path() -> str:
    return str(Path(os.environ.get("ALGOTRADE_DATA", "data")) / "08_reporting" / "drift.json")


@click.command()
@click.option(
    "--path",
    type=click.Path(path_type=Path),
    default=_default_path,
    show_default="data/08_reporting/drift.json",
    help="The verdict to read.",
)
@click.option("--run", "run_first", is_flag=True, help="Run `kedro run --pipeline drift` first.")
@click.option("--env", default=None, help="Environment of that run, as in production.")
@click.pass_context
def drift(context: click.Context, path: Path, run_first: bool, env: str | None) -> None:
    """Tell whether features have drifted, in a few lines and by the exit status.

    Exit status: 0 without drift, 3 with drift, 1 on errors. To train again where there is drift, or another reason, run
    `kedro run --pipeline retraining`.
    """
    from algotrade.monitoring.drift import in_words  # noqa: PLC0415 - each command imports what it needs

    with plain_errors():
        if run_first:
            _run(env)
        found = _read(path)
        try:
            lines, detected = in_words(found), bool(found["detected"])
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(_unreadable(path, error)) from error
    click.echo("\n".join(lines))
    context.exit(DRIFT_STATUS if detected else 0)


def _run(env: str | None) -> None:
    """Run the pipeline of the project that the current folder belongs to."""
    from kedro.framework.session import KedroSession  # noqa: PLC0415
    from kedro.framework.startup import bootstrap_project  # noqa: PLC0415
    from kedro.utils import find_kedro_project  # noqa: PLC0415

    folder = find_kedro_project(Path.cwd())
    if folder is None:
        raise DataError(f"{Path.cwd()} is no folder of the project, so there is no pipeline to run. Change into it.")
    bootstrap_project(folder)
    with KedroSession.create(project_path=folder, env=env) as session:
        session.run(pipeline_names=["drift"])  # type: ignore[call-arg]  # kedro's base class lags behind


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise DataError(
            f"There is no drift verdict at {path}. Make one with `kedro run --pipeline drift`, or use --run."
        )
    try:
        return dict(json.loads(path.read_text()))
    except (OSError, ValueError, TypeError) as error:
        raise DataError(_unreadable(path, error)) from error


def _unreadable(path: Path, error: Exception) -> str:
    return f"{path} cannot be read as a drift verdict ({error!r}). Make it anew with `kedro run --pipeline drift`."
