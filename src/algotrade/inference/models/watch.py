"""Notices a promotion, off the path of any request."""

import logging
import threading

from algotrade.inference.models.served import ServedModels
from algotrade.inference.problems import ModelRefused

logger = logging.getLogger(__name__)


class Watch:
    """Looks once a while whether another champion was promoted, and has it served.

    A look is a few questions to the file system; models are read in the watching thread, while the old one answers.
    A bundle that was refused is tried again when something else lies there.

    Parameters
    ----------
    models : ServedModels
    every_seconds : float
    """

    def __init__(self, models: ServedModels, every_seconds: float = 1.0) -> None:
        self._models = models
        self._every_seconds = every_seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="model-watch", daemon=True)

    def start(self) -> None:
        """Begin; the first look also loads what is served beside the champion."""
        self._thread.start()

    def stop(self) -> None:
        """End, after the look that is under way."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            if self._models.has_changed():
                try:
                    self._models.reload()
                except ModelRefused as error:
                    logger.error("The promoted model is not served: %s", error)
            self._stop.wait(self._every_seconds)
