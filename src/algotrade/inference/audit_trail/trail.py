"""Actions are recorded without waiting for the disk, and none is lost in silence."""

import logging
import os
import threading
import time
from collections import deque
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path

from algotrade.inference.audit_trail.chain import Chain
from algotrade.inference.audit_trail.log import AuditLog
from algotrade.inference.audit_trail.record import Entry
from algotrade.inference.security.callers import Caller

_MOST_WAITING = 20_000
_BATCH = 500
GATHER_SECONDS = 0.02
_RETRY_SECONDS = 0.5
_LONGEST_TEXT = 500

logger = logging.getLogger(__name__)

_Waiting = tuple[float, Caller, str, str, str, str, Future[None] | None]


class AuditTrail:
    """Takes what has been done and writes it in the background, about fifty times a second.

    Where records cannot be written, or come faster than they can be, :attr:`why_unwritable` says so; whoever lets
    requests in refuses them meanwhile, so an action that was done is in the log or still to be written. What a killed
    process (``kill -9``) had not written yet, that of its last moments, is lost; what changes models is announced by
    :meth:`record_durably` and is not.

    Parameters
    ----------
    folder : Path
    chain : Chain, optional
        That of the folder by default.
    """

    def __init__(self, folder: Path, chain: Chain | None = None) -> None:
        self.log = AuditLog(folder)
        self._chain = chain or Chain(folder)
        self._waiting: deque[_Waiting] = deque()
        self._failure = ""
        self._wake = threading.Event()
        self._urgent = threading.Event()
        self._asleep = True
        self._closing = False
        self._starting = threading.Lock()
        self._writer: threading.Thread | None = None

    @property
    def why_unwritable(self) -> str:
        """Why no action may be begun now; empty where it may."""
        if self._failure:
            return self._failure
        return "The audit log is written too slowly." if len(self._waiting) >= _MOST_WAITING else ""

    def record(self, caller: Caller, action: str, outcome: str, request_id: str = "", detail: str = "") -> None:
        """Have an action written soon.

        Parameters
        ----------
        caller : Caller
        action : str
            Method and endpoint; from a closed set, without what the client sent.
        outcome : str
        request_id, detail : str
            The first 500 characters count.
        """
        self._take((time.time(), caller, action, outcome, request_id, detail, None))

    def record_durably(self, caller: Caller, action: str, outcome: str, request_id: str) -> Future[None]:
        """Have an action written now; the result is there once the disk has it."""
        written: Future[None] = Future()
        self._take((time.time(), caller, action, outcome, request_id, "", written))
        self._urgent.set()
        return written

    def close(self) -> None:
        """Write what is waiting, and end."""
        self._closing = True
        self._urgent.set()
        self._wake.set()
        if self._writer is not None:
            self._writer.join()
            self._writer = None
        self._closing = False

    def _take(self, waiting: _Waiting) -> None:
        self._waiting.append(waiting)
        if self._asleep:
            self._wake.set()
        if self._writer is None:
            self._start()

    def _start(self) -> None:
        with self._starting:
            if self._writer is None:
                self._writer = threading.Thread(target=self._write_on, name="audit-log", daemon=True)
                self._writer.start()

    def _write_on(self) -> None:
        while True:
            self._asleep = True
            if not self._waiting and not self._closing:
                self._wake.wait()
            self._asleep = False
            self._wake.clear()
            # A batch costs one lock and one write, whatever it holds.
            self._urgent.wait(GATHER_SECONDS)
            self._urgent.clear()
            if not self._write_batches() or (self._closing and not self._waiting):
                break

    def _write_batches(self) -> bool:
        """Write all that waits now; False if the process ends and it cannot be written.

        What comes meanwhile waits for its own batch: written as it comes, each record would cost a lock and a write.
        """
        left = len(self._waiting)
        while left:
            batch = [self._waiting[place] for place in range(min(_BATCH, left))]
            try:
                self._chain.append([_entry(each) for each in batch], sync=any(each[-1] for each in batch))
            except OSError as error:
                if not self._failure:
                    logger.error("The audit log cannot be written (%s); nothing is done meanwhile.", error.strerror)
                self._failure = f"The audit log cannot be written ({error.strerror})."
                if self._closing:
                    logger.error("%d actions are not in the audit log.", len(self._waiting))
                    return False
                time.sleep(_RETRY_SECONDS)
                continue
            self._failure = ""
            left -= len(batch)
            for each in batch:
                self._waiting.popleft()
                if each[-1] is not None and each[-1].set_running_or_notify_cancel():
                    each[-1].set_result(None)
        return True


def _entry(waiting: _Waiting) -> Entry:
    seconds, caller, action, outcome, request_id, detail, _ = waiting
    return Entry(
        datetime.fromtimestamp(seconds, UTC),
        os.getpid(),
        caller.name,
        caller.role,
        caller.key_id,
        action,
        outcome,
        request_id[:_LONGEST_TEXT],
        detail[:_LONGEST_TEXT],
    )
