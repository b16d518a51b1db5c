"""PostgreSQL's errors in words that say what to do; a password is in none of them."""

import adbc_driver_manager
import psycopg
import sqlalchemy as sql

from algotrade.errors import StoreError, StoreUnavailable

DATABASE_ERRORS = (sql.exc.DBAPIError, psycopg.Error, adbc_driver_manager.Error)

_GUIDE = "docs/how-to/production-database.md"
_BUSY = {"55P03", "40001", "40P01"}
_ADVICE = {
    "28P01": "Check the user and the password in the URL.",
    "28000": f"The server lets nobody in who asks like this: check the user, TLS and pg_hba.conf ({_GUIDE}).",
    "3D000": "Create the database, or name another one in the URL.",
    "42501": f"The role lacks a right; {_GUIDE} has the statements that grant it.",
    "42P01": "A table is missing: was the database replaced while it was in use? Open the store anew.",
    "25006": "The server accepts no writes (a standby?); name the primary in the URL.",
    "0A000": "Another session changed the schema while this one was connected; run it again.",
}
_TEXTS = {
    "password authentication failed": "28P01",
    "no password supplied": "28P01",
    "pg_hba.conf": "28000",
    "does not exist": "3D000",
}


def store_error(address: sql.URL, error: Exception) -> StoreError:
    """The error to raise instead of a driver's."""
    original = _first(error)
    cause = _cause(original, address)
    state = _state(original, cause)
    shown = shown_address(address)
    if state in _BUSY:
        return StoreUnavailable(
            f"The candle store {shown} is busy: {cause}. Another process is writing to it; "
            "wait for it to finish, or stop it."
        )
    if state in _ADVICE:
        return StoreError(f"The candle store {shown} cannot be used: {cause}. {_ADVICE[state]}")
    if "SSL" in cause or "certificate" in cause:
        return StoreError(f"The candle store {shown} cannot be used: {cause}. See TLS in {_GUIDE}.")
    if _is_out_of_reach(original, state):
        return StoreUnavailable(
            f"The candle store {shown} does not answer: {cause}. Nothing is half-written. "
            "Check that the server runs and can be reached, then run it again."
        )
    return StoreError(f"The candle store {shown} cannot be used: {cause}. The server's log says more.")


def shown_address(address: sql.URL) -> str:
    """The address without what is secret in it."""
    secret = [name for name in address.query if "password" in name]
    return address.difference_update_query(secret).set(drivername="postgresql").render_as_string()


def _first(error: BaseException) -> BaseException:
    """The driver's error that began it: rolling back on a connection that is lost fails once more."""
    first = error
    while error.__context__ is not None:
        error = error.__context__
        if isinstance(error, DATABASE_ERRORS):
            first = error
    return getattr(first, "orig", None) or first


def _state(error: BaseException, cause: str) -> str | None:
    state = getattr(error, "sqlstate", None)
    # A refused connection has no state, only the server's text.
    return state or next((known for text, known in _TEXTS.items() if f"FATAL:  {text}" in cause or text in cause), None)


def _is_out_of_reach(error: BaseException, state: str | None) -> bool:
    if state is not None:
        return state[:2] in {"08", "53", "57", "58"}
    return isinstance(error, (psycopg.OperationalError, adbc_driver_manager.OperationalError)) or "closed" in str(error)


def _cause(error: BaseException, address: sql.URL) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    cause = (lines[0] if lines else type(error).__name__).rstrip(".")
    for secret in (address.password, *(value for name, value in address.query.items() if "password" in name)):
        if secret:
            cause = cause.replace(str(secret), "***")
    return cause
