"""How closely statistics look: numbers of draws, of costs to try, of drawdowns to list."""

from dataclasses import dataclass

from algotrade.errors import ConfigurationError


@dataclass(frozen=True)
class StatisticsSettings:
    """Settings of what is estimated by drawing again, and of what is assumed.

    Parameters
    ----------
    draws : int
        Resampled histories behind an interval and a test of superiority.
    confidence : float in (0, 1)
        Of intervals, two-sided, and of the minimum track record.
    seed : int
        Same seed, same figures to the last byte.
    trade_orders : int
        Orders of the trades that are tried.
    cost_multiples : tuple of float
        Of the configured costs, at which the strategy is simulated again.
    participation : float in (0, 1]
        Share of a candle's volume that a fill may take before a strategy has reached its capacity.
    drawdowns : int
        Listed of each strategy, deepest first.

    Raises
    ------
    ConfigurationError
        If a number is out of range.
    """

    draws: int = 1000
    confidence: float = 0.95
    seed: int = 7
    trade_orders: int = 500
    cost_multiples: tuple[float, ...] = (0.0, 1.0, 2.0, 4.0)
    participation: float = 0.01
    drawdowns: int = 10

    def __post_init__(self) -> None:
        for name, lowest in (("draws", 100), ("trade_orders", 100), ("drawdowns", 1), ("seed", 0)):
            if getattr(self, name) < lowest:
                raise ConfigurationError(f"{name} must be at least {lowest}; found {getattr(self, name)!r}.")
        if not 0.0 < self.confidence < 1.0:
            raise ConfigurationError(f"confidence must lie between 0 and 1, as 0.95; found {self.confidence!r}.")
        if not 0.0 < self.participation <= 1.0:
            raise ConfigurationError(
                f"participation must be a share of a candle's volume above 0 and up to 1; found {self.participation!r}."
            )
        if not self.cost_multiples or not all(0.0 <= multiple < 100.0 for multiple in self.cost_multiples):
            raise ConfigurationError(
                "cost_multiples must be one number or more from 0 (no costs) to below 100; "
                f"found {list(self.cost_multiples)}."
            )
