"""One at a time: a lock on a file that the operating system takes back from a process that died."""

import contextlib
import fcntl
import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from algotrade.errors import DataError


class FileLock:
    """Held by one process on this data folder, until it lets go or ends, however it ends.

    What the file says is for people; whether it is locked, the system knows. So a file that a killed process has left
    locks nobody out.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[str] | None = None

    def acquire(self, purpose: str) -> None:
        """Take the lock.

        Raises
        ------
        DataError
            If another holds it; it is named.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.ExitStack() as stack:
            file = stack.enter_context(self.path.open("a+"))
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise DataError(
                    f"{self.path} is locked: {self._holder()}. Two trainings at once would overwrite each other; wait "
                    "until it ends, or end it."
                ) from error
            stack.pop_all()
        file.truncate(0)
        holder = {"purpose": purpose, "pid": os.getpid(), "host": platform.node(), "since": _now()}
        file.write(json.dumps(holder) + "\n")
        file.flush()
        self._file = file

    def release(self) -> None:
        """Let go; nothing happens where it is not held."""
        if self._file is not None:
            self._file.truncate(0)
            self._file.close()
            self._file = None

    def _holder(self) -> str:
        try:
            told = json.loads(self.path.read_text())
            return f"{told['purpose']} runs since {told['since']} as process {told['pid']} on {told['host']}"
        except (OSError, ValueError, KeyError, TypeError):
            return "another process holds it"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
