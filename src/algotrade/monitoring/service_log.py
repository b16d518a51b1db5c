"""The log of the service: one JSON object a line, each with the id of the request that it is about.

::

    {"time": "2024-05-01T12:00:00.123456+00:00", "level": "warning", "logger": "algotrade.inference.shadow",
     "event": "...", "request_id": "0f8c...", "process": 4711}
"""

import logging
import os
import random
import re
import secrets
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import orjson
import structlog

from algotrade.monitoring.log_lines import LogLines

REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")
"""Of the request that this piece of work is done for; empty where it is for none."""

_WELL_FORMED = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._:-]{7,63}")
# No secret depends on it: an id must only be another one each time, in every process.
_random = random.Random(secrets.randbits(128))  # noqa: S311
# Those of libraries whose own handlers would write lines of another form.
_OTHERS = ("bentoml", "circus", "uvicorn", "uvicorn.access", "uvicorn.error")


def request_id_of(given: bytes | None) -> str:
    """The id that a client has given its request if it is well formed, else a new one.

    Well formed are 8 to 64 letters, digits and ``. _ : -``: nothing that could break a line or a header.

    >>> request_id_of(b"order-2024-05-01")
    'order-2024-05-01'
    >>> len(request_id_of(b'x" onload="')), len(request_id_of(None))
    (32, 32)
    """
    if given is not None and _WELL_FORMED.fullmatch(given):
        return given.decode()
    return f"{_random.getrandbits(128):032x}"


class JsonHandler(logging.Handler):
    """Puts every record into a queue of lines, as JSON."""

    def __init__(self, lines: LogLines) -> None:
        super().__init__()
        self._lines = lines
        self.setFormatter(
            structlog.stdlib.ProcessorFormatter(
                foreign_pre_chain=[
                    structlog.stdlib.add_log_level,
                    structlog.stdlib.add_logger_name,
                    structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
                    _add_origin,
                    structlog.processors.format_exc_info,
                ],
                processors=[
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.JSONRenderer(serializer=_to_json),
                ],
            )
        )

    def emit(self, record: logging.LogRecord) -> None:
        """Take one record."""
        self._lines.add(self.format(record).encode())


@contextmanager
def logged_as_json(lines: LogLines, level: int = logging.INFO) -> Iterator[None]:
    """Within it, everything that is logged in this process comes as JSON, through ``lines``.

    Parameters
    ----------
    lines : LogLines
    level : int, optional
        Of this project's own loggers; others begin at ``WARNING``.
    """
    loggers = [logging.getLogger(name) for name in ("", "algotrade", *_OTHERS)]
    before = [(logger, logger.handlers[:], logger.level, logger.propagate) for logger in loggers]
    for logger in loggers:
        # Unheard, uvicorn's access log is not even put together, which it otherwise is for every request.
        logger.propagate = logger.name != "uvicorn.access"
        # Exactly these: what else listens does not write to the terminal.
        logger.handlers[:] = [each for each in logger.handlers if type(each) is not logging.StreamHandler]
    root, own, *_ = loggers
    root.addHandler(JsonHandler(lines))
    root.setLevel(logging.WARNING)
    own.setLevel(level)
    try:
        yield
    finally:
        for logger, handlers, was, propagate in before:
            logger.handlers[:] = handlers
            logger.setLevel(was)
            logger.propagate = propagate


def _add_origin(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    event["process"] = os.getpid()
    request = REQUEST_ID.get()
    if request:
        event["request_id"] = request
    return event


def _to_json(event: dict[str, Any], **_: Any) -> str:
    first = {name: event.pop(name) for name in ("time", "level", "logger", "event")}
    return orjson.dumps({**first, **event}, default=str).decode()
