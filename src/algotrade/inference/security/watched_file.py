"""A file of keys that is read again as soon as it changes."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from algotrade.errors import ConfigurationError

T = TypeVar("T")

LOOK_SECONDS = 0.25
"""How often to look: a change does not go unnoticed for longer."""

logger = logging.getLogger(__name__)


class WatchedFile(Generic[T]):
    """What a file says, as of the last look at whether it was replaced.

    A file that cannot be understood, or is gone, counts as ``nothing``: no key is valid rather than an old one.

    Parameters
    ----------
    path : Path
    parse : callable
        Value of the file at a path; raises ConfigurationError.
    nothing : T
        The value where there is no file, or none that can be understood.
    """

    def __init__(self, path: Path, parse: Callable[[Path], T], nothing: T) -> None:
        self.path = path
        self.value = nothing
        self._parse = parse
        self._nothing = nothing
        self._seen: tuple[int, ...] | None = None

    @property
    def present(self) -> bool:
        """Whether there was a file at the last look."""
        return bool(self._seen)

    def changed(self) -> bool:
        """Look, and say whether ``value`` is another one."""
        seen = self._identity()
        if seen == self._seen:
            return False
        self._seen = seen
        self.value = self._read() if seen else self._nothing
        return True

    def _identity(self) -> tuple[int, ...]:
        try:
            found = self.path.stat()
        except OSError:
            return ()
        return found.st_ino, found.st_mtime_ns, found.st_size, found.st_mode

    def _read(self) -> T:
        try:
            return self._parse(self.path)
        except ConfigurationError as error:
            logger.error("No key of %s is accepted until it can be read: %s", self.path.name, error)
            return self._nothing
