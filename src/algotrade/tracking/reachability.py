"""A registry that does not answer says so in one sentence, and soon."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from sqlalchemy.exc import SQLAlchemyError

from algotrade.errors import RegistryError

_PORTS = {"http": 80, "https": 443, "postgresql": 5432, "mysql": 3306, "mssql": 1433}
_PATIENCE_SECONDS = 5.0


def require_answer(uri: str) -> None:
    """Raise at once if nobody listens where the registry should be; MLflow would try for minutes.

    Raises
    ------
    RegistryError
        If no connection is made within five seconds.
    """
    parts = urlsplit(uri)
    port = _PORTS.get(parts.scheme.partition("+")[0])
    if port is None or not parts.hostname:
        return
    try:
        socket.create_connection((parts.hostname, parts.port or port), timeout=_PATIENCE_SECONDS).close()
    except OSError as error:
        raise unreachable(uri, error) from error


@contextmanager
def clear_errors(uri: str) -> Iterator[None]:
    """Turn whatever the registry's client raises into an error that says what to do."""
    from mlflow.exceptions import MlflowException  # noqa: PLC0415 - heavy

    try:
        yield
    except (MlflowException, SQLAlchemyError, OSError) as error:
        raise unreachable(uri, error) from error


def unreachable(uri: str, error: Exception) -> RegistryError:
    """The error for a registry that cannot be used."""
    first_line = (str(error).strip() or type(error).__name__).splitlines()[0]
    return RegistryError(
        f"The model registry at {without_password(uri)} cannot be used: {first_line}. What was registered before is as "
        "it was, and the champion is unchanged. Bring the registry back, or name another one "
        "(mlflow_tracking_uri in conf/base/mlflow.yml, --registry on the command line), and try again."
    )


def without_password(uri: str) -> str:
    """Hide the password of a URL, if it has one.

    >>> without_password("postgresql://me:secret@db/mlflow")
    'postgresql://me:***@db/mlflow'
    """
    parts = urlsplit(uri)
    if parts.password is None:
        return uri
    return parts._replace(netloc=parts.netloc.replace(f":{parts.password}@", ":***@")).geturl()
