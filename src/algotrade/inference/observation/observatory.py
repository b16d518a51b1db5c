"""The log, the traces and the numbers of one worker process."""

import contextlib

from starlette.types import ASGIApp

from algotrade.inference.observation.ledger import Ledger
from algotrade.inference.observation.observed import Observed
from algotrade.inference.observation.settings import ObservationSettings
from algotrade.monitoring.log_lines import LogLines
from algotrade.monitoring.metrics import ServiceMetrics
from algotrade.monitoring.service_log import logged_as_json
from algotrade.monitoring.tracing import tracing_to

_STANDARD_ERROR = 2


class Observatory:
    """Sees every request of a worker, and writes down what happens in it.

    Parameters
    ----------
    metrics : ServiceMetrics
    settings : ObservationSettings, optional
        Those of the environment by default.

    Raises
    ------
    ConfigurationError
        If there is to be tracing, and the library for it is not installed.
    """

    def __init__(self, metrics: ServiceMetrics, settings: ObservationSettings | None = None) -> None:
        self._settings = settings or ObservationSettings()
        self._metrics = metrics
        self.started = False
        self._at_the_end = contextlib.ExitStack()
        written, dropped = (metrics.log_lines.labels(outcome) for outcome in ("written", "dropped"))
        self._lines = LogLines(_STANDARD_ERROR, written, dropped)
        wanted = self._settings.log_requests
        self._ledger = Ledger(metrics, None if wanted == "none" else self._lines, only_failed=wanted == "failed")
        self._tracing = tracing_to(self._settings.traces, self._settings.trace_share)

    def before(self, app: ASGIApp) -> ASGIApp:
        """An application whose every request is seen."""
        return Observed(app, self._ledger, self._tracing)

    def start(self) -> None:
        """Begin to write, once; from now on everything that is logged in this process comes as JSON."""
        if self.started:
            return
        self.started = True
        self._lines.start()
        self._at_the_end.callback(self._lines.stop)
        self._at_the_end.enter_context(logged_as_json(self._lines))
        self._ledger.start()
        self._at_the_end.callback(self._ledger.stop)
        if self._tracing is not None:
            self._at_the_end.callback(self._tracing.stop)
        self._metrics.workers.set(1)

    def stop(self) -> None:
        """Write and send what waits."""
        self._at_the_end.close()
