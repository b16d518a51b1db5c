"""What trading costs, said in basis points."""

from dataclasses import dataclass

from algotrade.errors import ConfigurationError


@dataclass(frozen=True)
class Costs:
    """Proportional costs of one side of a trade.

    Parameters
    ----------
    fee_bps : float
        Paid to the venue on the notional of every fill, basis points.
    slippage_bps : float
        How much worse than the reference price a fill is, basis points.

    Raises
    ------
    ConfigurationError
        If one of them is negative, not finite, or 1000 bps and more.

    >>> Costs(fee_bps=10.0, slippage_bps=5.0).round_trip_bps
    30.0
    """

    fee_bps: float = 10.0
    slippage_bps: float = 5.0

    def __post_init__(self) -> None:
        for name in ("fee_bps", "slippage_bps"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0.0 <= value < 1000.0:
                raise ConfigurationError(
                    f"{name} must be a number of basis points from 0 to below 1000 (10 bps = 0.1 %); found {value!r}."
                )

    @property
    def fee_rate(self) -> float:
        """Fee as a fraction of notional."""
        return self.fee_bps / 1e4

    @property
    def slippage_rate(self) -> float:
        """Slippage as a fraction of the reference price."""
        return self.slippage_bps / 1e4

    @property
    def round_trip_bps(self) -> float:
        """Cost of buying and selling again, basis points of notional."""
        return 2.0 * (self.fee_bps + self.slippage_bps)
