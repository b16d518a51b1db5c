"""Points in time as people write them."""

import pandas as pd

from algotrade.errors import ConfigurationError


def utc_moment(written: object) -> pd.Timestamp | None:
    """Aware time in UTC of what somebody wrote, None for None; without a time zone it is read as UTC.

    Raises
    ------
    ConfigurationError
        If it is no time.

    >>> utc_moment("2024-01-31T12:00")
    Timestamp('2024-01-31 12:00:00+0000', tz='UTC')
    """
    if written is None:
        return None
    try:
        moment = pd.Timestamp(str(written))
    except ValueError as error:
        raise ConfigurationError(
            f"{written!r} is no time; accepted is one like 2024-01-31 or 2024-01-31T12:00."
        ) from error
    return moment.tz_localize("UTC") if moment.tzinfo is None else moment.tz_convert("UTC")
