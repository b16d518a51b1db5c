"""Who runs a trial, and whether they still do."""

import os
import platform
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

_PROCESS_NAMESPACE = Path("/proc/self/ns/pid")
_TOKEN = uuid4().hex


@dataclass(frozen=True)
class Worker:
    """One process.

    Attributes
    ----------
    machine : str
        Where ``process`` counts: containers of one machine count for themselves.
    process : int
    token : str
        Tells it from an earlier process of the same number.
    """

    machine: str
    process: int
    token: str

    @classmethod
    def here(cls) -> "Worker":
        """The process that asks."""
        namespace = ""
        with suppress(OSError):  # only Linux has them
            namespace = str(_PROCESS_NAMESPACE.readlink())
        return cls(f"{platform.node()} {namespace}".strip(), os.getpid(), _TOKEN)

    @property
    def is_gone(self) -> bool:
        """Whether it has certainly ended; of another machine nobody knows."""
        here = Worker.here()
        if self.machine != here.machine:
            return False
        if self.process == here.process:
            return self.token != here.token
        try:
            os.kill(self.process, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
        return False
