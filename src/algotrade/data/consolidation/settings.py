"""When a venue is far from the others, and how many are needed."""

from dataclasses import dataclass

from algotrade.errors import ConfigurationError


@dataclass(frozen=True)
class ConsolidationSettings:
    """How candles of several venues become one.

    Attributes
    ----------
    max_deviation_bps : float
        A venue this close to the median is never left out. Of hourly BTC/USD on Bitstamp and Gemini, 2018 to
        2020, one close in a thousand differed by more than 120.
    mad_multiple : float
        Above that, a venue is left out if it is more than this many robust standard deviations (1.4826 times
        the median absolute deviation of the venues at that candle) from the median: when all venues disperse,
        as in a crash, none of them is singled out.
    min_venues : int
        A candle that fewer venues have, those left out not counted, is not made: it is a gap.

    Raises
    ------
    ConfigurationError
        If a value is out of range.
    """

    max_deviation_bps: float = 100.0
    mad_multiple: float = 4.0
    min_venues: int = 1

    def __post_init__(self) -> None:
        checks = {
            "max_deviation_bps": (self.max_deviation_bps > 0, "above 0"),
            "mad_multiple": (self.mad_multiple >= 0, "0 or above"),
            "min_venues": (self.min_venues >= 1, "1 or above"),
        }
        for name, (accepted, bounds) in checks.items():
            if not accepted:
                raise ConfigurationError(
                    f"ingestion.consolidation.{name} is {getattr(self, name)!r}; accepted is a number {bounds}. "
                    "Change it in conf/base/parameters_ingestion.yml or with --params."
                )
