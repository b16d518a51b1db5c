"""What trading costs: fees, slippage and what holding a position takes."""

from dataclasses import dataclass
from itertools import pairwise

from algotrade.errors import ConfigurationError


@dataclass(frozen=True)
class FeeTier:
    """Fees of an account that has traded a lot lately.

    Parameters
    ----------
    from_notional : float
        Traded in the last 30 days, quote currency, from which on the tier counts.
    maker_bps, taker_bps : float
        Basis points of the notional; a negative maker fee is a rebate.
    """

    from_notional: float
    maker_bps: float
    taker_bps: float

    def __post_init__(self) -> None:
        _check("from_notional", self.from_notional, 0.0, float("inf"), "an amount")
        _check("taker_bps", self.taker_bps, 0.0, 1000.0, "a number of basis points")
        _check("maker_bps", self.maker_bps, -100.0, 1000.0, "a number of basis points")
        if self.maker_bps > self.taker_bps:
            raise ConfigurationError(f"A maker fee above the taker fee is not a fee of any venue; found {self}.")


@dataclass(frozen=True)
class Costs:
    r"""Costs of trading and holding; by default a flat fee and a half-spread.

    An order that takes liquidity is filled worse than its reference price (the open, or a stop's level) by

    .. math:: h + a\,\sigma + Y \sigma \sqrt{|q| / V}

    with the half-spread *h*, the volatility :math:`\sigma` of one candle, the order's size *q* and the volume
    *V* of the candle in which it is filled. The square-root law needs no change of units: a day's volatility
    with a day's volume says the same.

    Parameters
    ----------
    fee_bps : float
        Taker fee, basis points of the notional of a fill.
    slippage_bps : float
        Half-spread, basis points of the reference price.
    maker_fee_bps : float, optional
        For resting limit orders; ``fee_bps`` by default, negative for a rebate.
    fee_tiers : tuple of FeeTier
        Fees from a traded notional on, in ascending order; below the first, the fees above count.
    volatility_slippage : float
        *a*, a fraction of the volatility of a candle.
    impact : float
        *Y*; about 1 in most markets that were measured [1]_.
    volume_cap : float, optional
        Largest part of a candle's volume that the orders of one symbol may take. What is left is carried on.
    funding_bps : float
        Paid by longs to shorts at each settlement of a perpetual, where no rate is known.
    borrow_bps_per_year : float
        Interest on what is borrowed: the whole of a short position, and the part of long ones above equity.
    liquidation_bps : float
        What the venue takes of a liquidated notional beside the taker fee.
    delisting_loss : float in [0, 1]
        Fraction of the last price that is lost when a vanished symbol is closed out.

    Raises
    ------
    ConfigurationError
        If a number is out of range or the tiers do not ascend.

    References
    ----------
    .. [1] Tóth, B., et al. (2011). Anomalous price impact and the critical nature of liquidity in financial
       markets. Physical Review X 1: 021006.

    >>> Costs(fee_bps=10.0, slippage_bps=5.0).round_trip_bps
    30.0
    """

    fee_bps: float = 10.0
    slippage_bps: float = 5.0
    maker_fee_bps: float | None = None
    fee_tiers: tuple[FeeTier, ...] = ()
    volatility_slippage: float = 0.0
    impact: float = 0.0
    volume_cap: float | None = None
    funding_bps: float = 0.0
    borrow_bps_per_year: float = 0.0
    liquidation_bps: float = 50.0
    delisting_loss: float = 0.0

    def __post_init__(self) -> None:
        for name in ("fee_bps", "slippage_bps", "liquidation_bps"):
            bounds = "a number of basis points from 0 to below 1000 (10 bps = 0.1 %)"
            _check(name, getattr(self, name), 0.0, 1000.0, bounds)
        _check("maker_fee_bps", self.maker_bps, -100.0, 1000.0, "a number of basis points from -100 to below 1000")
        _check("funding_bps", self.funding_bps, -1000.0, 1000.0, "a number of basis points between -1000 and 1000")
        _check("borrow_bps_per_year", self.borrow_bps_per_year, 0.0, 1e5, "a number of basis points from 0")
        for name in ("volatility_slippage", "impact"):
            _check(name, getattr(self, name), 0.0, 100.0, "a number from 0 to below 100")
        _check("delisting_loss", self.delisting_loss, 0.0, 1.0 + 1e-12, "a fraction from 0 to 1")
        if self.volume_cap is not None and not 0.0 < self.volume_cap <= 1.0:
            raise ConfigurationError(
                f"volume_cap must be a fraction above 0 up to 1, or none; found {self.volume_cap!r}."
            )
        if self.maker_bps > self.fee_bps:
            raise ConfigurationError(f"maker_fee_bps {self.maker_bps:g} is above the taker's fee_bps {self.fee_bps:g}.")
        if any(next_.from_notional <= tier.from_notional for tier, next_ in pairwise(self.fee_tiers)):
            raise ConfigurationError("fee_tiers must ascend by from_notional; put the smallest first.")

    @property
    def maker_bps(self) -> float:
        """Fee of a resting order below the first tier."""
        return self.fee_bps if self.maker_fee_bps is None else self.maker_fee_bps

    @property
    def fee_rate(self) -> float:
        """Taker fee as a fraction of notional."""
        return self.fee_bps / 1e4

    @property
    def slippage_rate(self) -> float:
        """Half-spread as a fraction of the reference price."""
        return self.slippage_bps / 1e4

    @property
    def round_trip_bps(self) -> float:
        """Cost of buying and selling again with small orders, basis points of notional."""
        return 2.0 * (self.fee_bps + self.slippage_bps)

    @property
    def needs_volume(self) -> bool:
        """Whether fills depend on the volume of their candle."""
        return self.impact > 0.0 or self.volume_cap is not None


def _check(name: str, value: object, low: float, below: float, accepted: str) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value < below:
        raise ConfigurationError(f"{name} must be {accepted}; found {value!r}.")
