"""``algotrade repeat``: a training run again from its record, and whether the same files come out."""

import logging
import os
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from algotrade.cli.plain_errors import plain_errors
from algotrade.errors import DataError

if TYPE_CHECKING:
    from algotrade.data.provenance import Difference, ModelFiles, RunRecord

DIFFERENT_STATUS = 3
"""Exit status where other files came out; 1 is an error, 2 a wrong option."""
RECORD_FILE = "run_record.json"


@click.command()
@click.argument("run", required=False)
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), default=None, help="Data folder to train on.")
@click.option("--tracking", default=None, help="MLflow server or database that knows RUN; that of the data folder.")
@click.option("--anyway", is_flag=True, help="Train even though something is not as it was.")
@click.option("--keep", type=click.Path(path_type=Path, file_okay=False), default=None, help="Leave what is made here.")
@click.option("--diff", "show_diff", is_flag=True, help="Print the uncommitted changes of that run, for `git apply`.")
def repeat(
    run: str | None, data: Path | None, tracking: str | None, anyway: bool, keep: Path | None, show_diff: bool
) -> None:
    """Train again as a recorded RUN did, and compare every model file.

    RUN is the path of a run record or of a folder with one, or the id of an MLflow run; the last training by default.
    Code, lock file, libraries and data have to be those of the record. The models in the data folder stay as they are.

    Exit status: 0 for the same files, 3 for others, 1 on errors.
    """
    folder = data or Path(os.environ.get("ALGOTRADE_DATA", "data"))
    with plain_errors():
        record = _record_of(run or str(folder / "06_models" / RECORD_FILE), tracking or f"sqlite:///{folder}/mlflow.db")
        if show_diff:
            click.echo(record.code.diff, nl=False)
            return
        _compare_with_present(record, folder, anyway=anyway)
        same = _repeat(record, folder, keep)
    click.get_current_context().exit(0 if same else DIFFERENT_STATUS)


def _compare_with_present(record: "RunRecord", folder: Path, *, anyway: bool) -> None:
    from algotrade.data.provenance import code_state, differences, machine_state  # noqa: PLC0415
    from algotrade.pipelines.training.repetition import present_data  # noqa: PLC0415 - each command its own

    click.echo(f"Run of {record.created_time:%Y-%m-%d %H:%M} UTC, commit {record.code.commit[:12]}", err=True)
    found = differences(record, code_state(), machine_state(), present_data(folder))
    for difference in found:
        click.echo(f"  {'!' if difference.decisive else '·'} {difference}", err=True)
    decisive = [difference for difference in found if difference.decisive]
    if decisive and not anyway:
        raise DataError(_refusal(decisive))


def _refusal(decisive: "list[Difference]") -> str:
    names = ", ".join(difference.what for difference in decisive)
    return (
        f"The run cannot be expected to repeat: not as it was {'is' if len(decisive) == 1 else 'are'} {names}. "
        "Bring that back as told above, or train with --anyway to see what comes out."
    )


def _repeat(record: "RunRecord", folder: Path, keep: Path | None) -> bool:
    """Whether the repetition makes the same files; says so, too."""
    from algotrade.data.provenance import changed_files  # noqa: PLC0415
    from algotrade.pipelines.training.repetition import repeat_training  # noqa: PLC0415

    _log_as_a_run_does()
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="algotrade-"))) if keep is None else keep
        if keep is not None and keep.exists() and any(keep.iterdir()):
            raise DataError(f"{keep} is not empty. Name a new folder with --keep.")
        models = repeat_training(record, folder, scratch)
    changed = changed_files(record.models, models)
    click.echo(_answer(record.models, changed))
    return not changed


def _log_as_a_run_does() -> None:
    """Take over the log format from Kedro's default, which announces itself on standard output."""
    from algotrade.monitoring.run_log import configure_logging  # noqa: PLC0415

    logging.disable(logging.INFO)
    import kedro.framework.project  # noqa: F401, PLC0415 - its import sets up logging

    logging.disable(logging.NOTSET)
    configure_logging()


def _answer(recorded: "dict[str, ModelFiles]", changed: tuple[str, ...]) -> str:
    count = sum(len(model.files) for model in recorded.values())
    aside = "manifest.json, which has the time of writing in it, was left out"
    if not changed:
        versions = ", ".join(f"{name} {model.version}" for name, model in recorded.items())
        return f"The same files: all {count} of {versions} ({aside})."
    listed = "\n".join(f"  {path}" for path in changed)
    return f"Other files: {len(changed)} of {count} ({aside}):\n{listed}"


def _record_of(run: str, tracking: str) -> "RunRecord":
    """The record in a file, in a folder, or of an MLflow run."""
    from algotrade.data.provenance import RunRecord  # noqa: PLC0415

    path = Path(run) / RECORD_FILE if Path(run).is_dir() else Path(run)
    if path.is_file():
        return RunRecord.parse(path.read_text(), str(path))
    if os.sep in run or run.endswith(".json"):
        raise DataError(f"There is no run record at {path}. Every training run leaves one; train a model first.")
    return RunRecord.parse(_artifact(run, tracking), f"MLflow run {run}")


def _artifact(run: str, tracking: str) -> str:
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    from mlflow import MlflowClient  # noqa: PLC0415 - heavy
    from mlflow.exceptions import MlflowException  # noqa: PLC0415

    with tempfile.TemporaryDirectory(prefix="algotrade-") as scratch:
        try:
            fetched = MlflowClient(tracking_uri=tracking).download_artifacts(run, RECORD_FILE, scratch)
        except (MlflowException, OSError) as error:
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise DataError(
                f"{run!r} is neither a file nor a run with a record in {tracking}: {reason}. "
                "`make mlflow` shows the runs; those that train have a run_record.json among their artifacts."
            ) from error
        return Path(fetched).read_text()
