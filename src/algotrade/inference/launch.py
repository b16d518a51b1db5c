"""Starts the prediction service in the place of this process."""

import os
import sys

from algotrade.errors import AlgotradeError, BundleRejected
from algotrade.inference.security import SecuritySettings, refuse_open_host
from algotrade.inference.settings import ServingSettings

SERVICE = "algotrade.inference.service:SignalService"


def command(settings: ServingSettings) -> list[str]:
    """Command line of the server.

    >>> command(ServingSettings(port=3001))[-3:]
    ['127.0.0.1', '--port', '3001']
    """
    serve = [sys.executable, "-m", "bentoml", "serve", SERVICE]
    return [*serve, "--host", settings.host, "--port", str(settings.port)]


def environment(settings: ServingSettings) -> dict[str, str]:
    """Environment of the server: this one's, with absolute paths, no telemetry and single-threaded libraries."""
    told = {f"ALGOTRADE_{name.upper()}": str(value) for name, value in settings.model_dump(exclude_none=True).items()}
    return {
        "OMP_NUM_THREADS": "1",
        **os.environ,
        **told,
        "BENTOML_HOME": str(settings.bentoml_home),
        # BentoML accepts only the word.
        "BENTOML_DO_NOT_TRACK": "True",
        "DO_NOT_TRACK": "true",
        **absolute_paths(settings),
    }


def absolute_paths(settings: ServingSettings) -> dict[str, str]:
    """Variables that name the same places wherever a process is started."""
    security = SecuritySettings(data=settings.data)
    return {
        "ALGOTRADE_DATA": str(settings.data.absolute()),
        "ALGOTRADE_BUNDLE": str(settings.bundle_folder),
        "ALGOTRADE_REDIS_URL": settings.online_store_url,
        "ALGOTRADE_ACCESS": str(security.access_folder),
        "ALGOTRADE_AUDIT": str(security.audit_folder),
    }


def launch(settings: ServingSettings | None = None) -> None:
    """Replace this process by the server; returns only by an error.

    Raises
    ------
    BundleRejected
        If there is no bundle to serve.
    ConfigurationError
        If others could reach it and no keys are configured.
    """
    chosen = settings or ServingSettings()
    if not chosen.bundle_folder.is_dir():
        raise BundleRejected(f"Nothing to serve: {chosen.why_no_bundle}")
    refuse_open_host(SecuritySettings(data=chosen.data, host=chosen.host))
    chosen.bentoml_home.mkdir(parents=True, exist_ok=True)
    arguments = command(chosen)
    os.execve(arguments[0], arguments, environment(chosen))  # noqa: S606


if __name__ == "__main__":
    try:
        launch()
    except AlgotradeError as error:
        sys.exit(str(error))
