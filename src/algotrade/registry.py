"""Named plug-ins that find themselves.

A registry belongs to a package. The first look-up imports every module of that package, and the
modules register what they define: dropping a file into the package is all it takes. Modules of other
distributions take part by an entry point in the group that has the package's name::

    [project.entry-points."algotrade.features"]
    ours = "our_package.our_features"
"""

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from importlib.metadata import entry_points
from pkgutil import iter_modules
from typing import TypeVar

from algotrade.errors import ConfigurationError

T = TypeVar("T")


class Registry(Mapping[str, T]):
    """The plug-ins of one kind, by name, in alphabetical order.

    Parameters
    ----------
    kind : str
        What the entries are, as it should read in an error ("strategy").
    package : str
        The package whose modules hold the entries.

    >>> models: Registry[type] = Registry("number", package="json")
    >>> models.register("one")(int)
    <class 'int'>
    >>> models["two"]
    Traceback (most recent call last):
    algotrade.errors.ConfigurationError: Unknown number 'two'. Known are: one.
    """

    def __init__(self, kind: str, package: str) -> None:
        self._kind = kind
        self._package = package
        self._entries: dict[str, T] = {}
        self._discovered = False

    def register(self, name: str) -> Callable[[T], T]:
        """Return a decorator that files its argument under ``name``.

        Raises
        ------
        ConfigurationError
            If the name is taken.
        """

        def file(entry: T) -> T:
            if name in self._entries:
                raise ConfigurationError(f"Two {self._kind} plug-ins are called {name!r}. Rename one of them.")
            self._entries[name] = entry
            return entry

        return file

    def __getitem__(self, name: str) -> T:
        self._discover()
        if name not in self._entries:
            raise ConfigurationError(f"Unknown {self._kind} {name!r}. Known are: {', '.join(sorted(self._entries))}.")
        return self._entries[name]

    def __contains__(self, name: object) -> bool:
        self._discover()
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        self._discover()
        return iter(sorted(self._entries))

    def __len__(self) -> int:
        self._discover()
        return len(self._entries)

    def _discover(self) -> None:
        if self._discovered:
            return
        self._discovered = True
        for module in iter_modules(import_module(self._package).__path__, prefix=f"{self._package}."):
            import_module(module.name)
        for entry in entry_points(group=self._package):
            entry.load()
