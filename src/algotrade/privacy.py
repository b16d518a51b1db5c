"""No library reports home."""

import os

_OPT_OUTS = {
    "DO_NOT_TRACK": "true",
    "KEDRO_DISABLE_TELEMETRY": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "BENTOML_DO_NOT_TRACK": "True",
}


def disable_telemetry() -> None:
    """Opt this process and its children out of every library's telemetry.

    Kedro calls it before it loads its plug-ins (entry point ``kedro.init``), because MLflow
    looks at the environment only once, when it is imported.
    """
    for name, value in _OPT_OUTS.items():
        os.environ.setdefault(name, value)
