"""The metrics of several worker processes, counted in files that they share.

Each worker writes files of its own (``prometheus_client`` maps them into memory), and whichever worker is asked for
the metrics adds them up. The folder is made anew at each start of the service, so nothing of an earlier one counts.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from prometheus_client import CollectorRegistry, values
from prometheus_client.multiprocess import MultiProcessCollector

_PROMETHEUS = "PROMETHEUS_MULTIPROC_DIR"
_VARIABLE = "ALGOTRADE_METRICS_FOLDER"
_LIVE = "gauge_live"


def open_shared_folder() -> None:
    """Make the folder in which the processes count that this one starts; it is removed at the end of this one."""
    folder = Path(tempfile.mkdtemp(prefix="algotrade-metrics-"))
    os.environ[_VARIABLE] = str(folder)
    atexit.register(_remove, folder, os.getpid())


def join_shared_folder() -> None:
    """Count in the folder that a process above has opened; to be called before the first metric is made.

    BentoML names its workers a folder below its own home, where two services would count together; this one takes its
    place. Without any, a process counts for itself.
    """
    folder = os.environ.get(_VARIABLE)
    if folder is not None and _PROMETHEUS in os.environ:
        os.environ[_PROMETHEUS] = folder


def registry_of_all_workers() -> CollectorRegistry | None:
    """What all workers have counted; None in a process that counts for itself."""
    folder = os.environ.get(_PROMETHEUS)
    if folder is None or not values.ValueClass._multiprocess:
        return None
    forget_the_dead(Path(folder))
    registry = CollectorRegistry()
    MultiProcessCollector(registry, folder)  # type: ignore[no-untyped-call]
    return registry


def forget_the_dead(folder: Path) -> None:
    """Remove what gauges say of workers that are gone; what such a worker has counted stays counted."""
    for path in folder.glob(f"{_LIVE}*.db"):
        if not _lives(int(path.stem.rpartition("_")[2])):
            path.unlink(missing_ok=True)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _remove(folder: Path, owner: int) -> None:
    # A forked child that ends must not take the folder from the others.
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)
