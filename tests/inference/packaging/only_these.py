"""Put before everything else as ``sitecustomize``: a process of this environment that has only some of it.

What may be imported: the standard library, and the top-level names that ``ONLY_THESE`` lists. The project itself is
found where a process looks by itself, not where it is installed.
"""

import os
import sys
from importlib.machinery import ModuleSpec


class OnlyThese:
    """Says of every other top-level module that there is none."""

    def __init__(self, names: frozenset[str]) -> None:
        self._names = names | sys.stdlib_module_names

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        # What Python was compiled with is a module of the standard library without a fixed name.
        if name.partition(".")[0] not in self._names and not name.startswith("_sysconfigdata"):
            raise ModuleNotFoundError(f"No module named {name!r}: it is not in the Bento", name=name)
        return None


_listed = os.environ.get("ONLY_THESE")
if _listed:
    sys.meta_path.insert(0, OnlyThese(frozenset(_listed.split(","))))
    sys.path[:] = [place for place in sys.path if place != os.environ["NOT_FROM"]]
