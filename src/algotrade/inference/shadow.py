"""A challenger that is asked in secret about whatever the champion predicts, so that the two can be compared live."""

import json
import logging
import queue
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from algotrade.domain.candles import FloatArray
from algotrade.errors import AlgotradeError
from algotrade.inference.models.served import ServedModels
from algotrade.inference.outlook import Outlook
from algotrade.inference.predictor import Predictor
from algotrade.monitoring.metrics import ServiceMetrics

_MOST_WAITING = 1_000
_MOST_BYTES = 16_000_000

logger = logging.getLogger(__name__)

Asked = tuple[str, str | FloatArray, Outlook, float]


class Shadow:
    """Asks the challenger what the champion was asked, in a thread of its own, and writes down both answers.

    The champion never waits: what the challenger cannot keep up with is dropped and counted. A symbol is asked about
    once for each content of its features, a window that a request brought each time. The file is one line of JSON a
    comparison; at 16 MB it becomes the one before, of which one is kept.

    Parameters
    ----------
    models : callable
        Gives the models that are served.
    challenger : str
        Version or name of the one to be asked.
    file : Path
        Of this worker alone.
    metrics : ServiceMetrics
    most_bytes : int
        Size of a file.
    """

    def __init__(
        self,
        models: Callable[[], ServedModels],
        challenger: str,
        file: Path,
        metrics: ServiceMetrics,
        most_bytes: int = _MOST_BYTES,
    ) -> None:
        self._models = models
        self._challenger = challenger
        self._file = file
        self._most_bytes = most_bytes
        self._waiting: queue.Queue[Asked | None] = queue.Queue(_MOST_WAITING)
        self._recorded, self._failed, self._dropped = (
            metrics.shadow.labels(outcome) for outcome in ("recorded", "failed", "dropped")
        )
        self._complained = ""
        self._thread = threading.Thread(target=self._run, name="shadow", daemon=True)

    def start(self) -> None:
        """Begin to ask."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._thread.start()

    def stop(self) -> None:
        """Ask what is still waiting, then end."""
        if self._thread.is_alive():
            self._waiting.put(None)
            self._thread.join()

    def witness(self, predictor: Predictor, subject: str | FloatArray, outlook: Outlook) -> None:
        """Take note of what the champion said; what any other model said is nobody's business."""
        if predictor is not self._models().current():
            return
        try:
            self._waiting.put_nowait((predictor.description.version, subject, outlook, time.time()))
        except queue.Full:
            self._dropped.inc()

    def _run(self) -> None:
        while (asked := self._waiting.get()) is not None:
            try:
                line = self._compare(*asked)
                self._write(line)
            except (AlgotradeError, OSError) as error:
                self._failed.inc()
                self._complain(str(error))
            else:
                self._recorded.inc()

    def _compare(self, version: str, subject: str | FloatArray, said: Outlook, at: float) -> str:
        challenger = self._models().of(self._challenger)
        answer = challenger.outlook(subject)
        return json.dumps(
            {
                "time": datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds"),
                "symbol": subject if isinstance(subject, str) else None,
                "candle_close_time": _iso(said),
                "champion": {"version": version, **_numbers(said)},
                "challenger": {
                    "version": challenger.description.version,
                    "candle_close_time": _iso(answer),
                    **_numbers(answer),
                },
            }
        )

    def _write(self, line: str) -> None:
        if self._file.is_file() and self._file.stat().st_size >= self._most_bytes:
            self._file.replace(self._file.with_suffix(".1.jsonl"))
        with self._file.open("a") as file:
            file.write(line + "\n")

    def _complain(self, reason: str) -> None:
        """Log a reason once, not for every prediction."""
        if reason != self._complained:
            self._complained = reason
            logger.warning("The shadow model %s gives no answer: %s", self._challenger, reason)


def _numbers(outlook: Outlook) -> dict[str, float]:
    return {"probability": outlook.probability, "expected_return": outlook.expected_return}


def _iso(outlook: Outlook) -> str | None:
    return None if outlook.close_time is None else outlook.close_time.isoformat()
