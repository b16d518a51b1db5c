"""The BentoML service: ``bentoml serve algotrade.inference.service:SignalService``.

BentoML supervises the workers; FastAPI owns the contract, mounted at ``/``; the fast lane answers predictions before
either. BentoML's own metrics, tracing and access log are off: they cost more than the prediction, and its metrics
have a series for every path that anybody asks for.
"""

import atexit
import os
import sys

import bentoml
from _bentoml_sdk import Service
from bentoml import server_context
from starlette.types import ASGIApp

from algotrade.errors import AlgotradeError
from algotrade.inference.launch import absolute_paths
from algotrade.inference.routes import create_app
from algotrade.inference.security import SecuritySettings, refuse_open_host
from algotrade.inference.settings import ServingSettings
from algotrade.inference.worker import Worker, shelf_of
from algotrade.monitoring.metrics import ServiceMetrics
from algotrade.monitoring.shared_metrics import join_shared_folder, open_shared_folder

join_shared_folder()
_metrics = ServiceMetrics(drift=ServingSettings().drift_file)
_worker = Worker(_metrics)


class FastLaneService(Service):
    """A BentoML service whose workers put guard and fast lane in front of BentoML's own stack.

    BentoML has no place for it: its middleware runs behind its own, which costs several times a prediction. A worker
    serves what ``to_asgi`` returns, so that is where it is put.
    """

    __slots__ = ()

    def to_asgi(self, is_main: bool = True) -> ASGIApp:
        """The application that a worker serves."""
        return _worker.front(super().to_asgi(is_main))


@bentoml.service(
    name="signal_service",
    workers=ServingSettings().workers,
    threads=1,
    traffic={"timeout": 10},
    metrics={"enabled": False},
    logging={"access": {"enabled": False}},
    tracing={"excluded_urls": [".*"]},
    http={"host": "127.0.0.1", "port": 3000},
)
@bentoml.asgi_app(create_app(_worker.backend, _metrics), path="/", name="rest")
class SignalService:
    """Serves the champion, and other versions beside it; see :class:`ServingSettings` for what it reads."""

    def __init__(self) -> None:
        _worker.start(server_context.worker_index or 1)

    @bentoml.on_deployment
    @staticmethod
    def refuse_to_start() -> None:
        """Exit before any worker starts: one that cannot load its model would be started again for ever."""
        settings = ServingSettings()
        if not settings.bundle_folder.is_dir():
            sys.exit(f"Nothing to serve: {settings.why_no_bundle}")
        try:
            refuse_open_host(SecuritySettings(), sys.argv)
            shelf_of(settings).load(settings.bundle_folder)
        except AlgotradeError as error:
            sys.exit(f"Nothing to serve: {error}")
        # The workers of a Bento are started in another folder than this process.
        os.environ.update(absolute_paths(settings))
        open_shared_folder()
        _worker.observatory.start()
        atexit.register(_worker.observatory.stop)

    @bentoml.on_shutdown
    def leave(self) -> None:
        """Write what is to be written, and disconnect."""
        _worker.stop()


# An attrs class with slots: nothing but its class can be changed, and it has no constructor of its own to call.
SignalService.__class__ = FastLaneService  # type: ignore[method-assign]
