"""Log lines that name the run they belong to."""

import logging
import sys

NO_RUN = "-"
FORMAT = "%(asctime)s %(levelname)-7s [%(run_id)s] %(message)s"
# Their INFO lines tell how, not what; ours tell what.
QUIET_LOGGERS = (
    "absl",
    "alembic",
    "kedro",
    "kedro_mlflow",
    "matplotlib",
    "mlflow",
    "optuna",
    "tensorflow",
)
# They say of an error, in other words, what the error itself says.
SILENT_LOGGERS = ("kedro.pipeline.node", "kedro.runner", "kedro_viz")


class _RunIdFormatter(logging.Formatter):
    """Formats records with the id of the current run; the same in every thread."""

    run_id = NO_RUN

    def format(self, record: logging.LogRecord) -> str:
        record.run_id = type(self).run_id
        return super().format(record)


def configure_logging(level: int = logging.INFO) -> None:
    """Send every log line to standard error, one line each, with the run's id."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_RunIdFormatter(FORMAT, datefmt="%H:%M:%S"))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in QUIET_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in SILENT_LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL)


def name_run(run_id: str | None) -> None:
    """Name the run that log lines belong to from now on; ``None`` after it has ended."""
    _RunIdFormatter.run_id = run_id or NO_RUN


def current_run() -> str:
    """Id of the run that is going on, or ``-``."""
    return _RunIdFormatter.run_id
