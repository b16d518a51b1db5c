"""Which limits hold for the weights that a strategy asks for."""

from dataclasses import dataclass, fields

from algotrade.errors import ConfigurationError

LARGEST_WINDOW = 100_000


@dataclass(frozen=True)
class RiskSettings:
    """Limits on target weights; None switches one off, and all of them are off by default.

    Parameters
    ----------
    target_volatility : float, optional
        Annual volatility to aim at.
    volatility_window : int
        Candles that its forecast looks back.
    volatility_half_life : float, optional
        Candles after which a return counts half as much in the forecast; all count alike by default.
    maximum_scale : float
        Largest factor by which the weights are scaled to reach the target volatility; more than 1 needs an account
        that may borrow.
    maximum_weight, maximum_gross, maximum_net : float, optional
        Fraction of equity in one symbol, in all positions, and in longs less shorts.
    maximum_turnover : float, optional
        Of one candle: half of all changes of weights.

    Raises
    ------
    ConfigurationError
        If a number is out of range.
    """

    target_volatility: float | None = None
    volatility_window: int = 168
    volatility_half_life: float | None = None
    maximum_scale: float = 1.0
    maximum_weight: float | None = None
    maximum_gross: float | None = None
    maximum_net: float | None = None
    maximum_turnover: float | None = None

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value is None and field.default is None:
                continue
            low, high = _RANGES[field.name]
            number = isinstance(value, int if isinstance(field.default, int) else (int, float))
            if not number or isinstance(value, bool) or not low <= value <= high:
                kind = "a whole number" if isinstance(field.default, int) else "a number"
                raise ConfigurationError(
                    f"Risk setting {field.name} must be {kind} from {low:g} to {high:g}; found {value!r}. "
                    + ("Use null to switch it off." if field.default is None else f"The default is {field.default}.")
                )

    @property
    def active(self) -> bool:
        """Whether any limit is on."""
        return any(getattr(self, name) is not None for name in _SWITCHES)

    @property
    def lookback(self) -> int:
        """Rows before the first decision that the limits may depend on."""
        return 0 if self.target_volatility is None else self.volatility_window


_SWITCHES = ("target_volatility", "maximum_weight", "maximum_gross", "maximum_net", "maximum_turnover")
_RANGES: dict[str, tuple[float, float]] = {
    "target_volatility": (1e-4, 100.0),
    "volatility_window": (2, LARGEST_WINDOW),
    "volatility_half_life": (0.1, LARGEST_WINDOW),
    "maximum_scale": (1e-3, 100.0),
    "maximum_weight": (1e-6, 100.0),
    "maximum_gross": (1e-6, 100.0),
    "maximum_net": (0.0, 100.0),
    "maximum_turnover": (1e-6, 100.0),
}
