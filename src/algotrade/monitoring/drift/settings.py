"""How drift is watched, checked at the door."""

from dataclasses import dataclass, fields

from algotrade.errors import ConfigurationError

_LOWEST = {
    "current_candles": 24,
    "draws": 100,
    "embargo": 0,
    "bins": 4,
    "pairs": 1,
    "reference_rows": 1_000,
    "sample_rows": 100,
}


@dataclass(frozen=True)
class DriftSettings:
    """What is compared with what, and how sure an alarm has to be.

    Attributes
    ----------
    current_candles : int
        Length of the newest window; whole weeks keep the features of the calendar out of it.
    level : float
        Share of checks that raise an alarm though nothing has changed, of the whole report.
    draws : int
        Windows of the reference that are compared with the rest of it to learn what is usual, in even steps.
    embargo : int
        Candles beside such a window that do not count as the rest: features that look back see the same candles there.
    bins : int
        Of the population stability index: quantiles of the reference.
    pairs : int
        Of features at most that the multivariate check of a group looks at; more are thinned evenly.
    reference_rows, sample_rows : int
        Rows at most behind the thresholds and in the file. More are thinned by whole candles, all symbols of a
        candle together, the current window alike.
    """

    current_candles: int = 336
    level: float = 0.05
    draws: int = 200
    embargo: int = 336
    bins: int = 10
    pairs: int = 5_000
    reference_rows: int = 200_000
    sample_rows: int = 4_000

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            lowest = _LOWEST.get(each.name)
            if lowest is not None and (isinstance(value, bool) or not isinstance(value, int) or value < lowest):
                raise ConfigurationError(
                    f"drift: {each.name} is {value!r}; accepted is a whole number of at least {lowest}."
                )
        if not isinstance(self.level, int | float) or not 0.002 <= self.level <= 0.5:
            raise ConfigurationError(f"drift: level is {self.level!r}; accepted is a share from 0.002 to 0.5.")
        if self.bins > 50:
            raise ConfigurationError(f"drift: bins is {self.bins}; accepted are at most 50.")
