"""How sure the gate has to be, and what it lets through."""

from typing import Annotated

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat
from pydantic.dataclasses import dataclass as settings_dataclass

from algotrade.errors import ConfigurationError
from algotrade.models.configuration import STRICT


@settings_dataclass(frozen=True, config=STRICT)
class GateSettings:
    """Limits of the gate.

    Attributes
    ----------
    confidence : float
        Of each claim that the challenger is better, one-sided; shared out among the candidates it was chosen from.
    max_calibration_error : float
        Largest expected calibration error out of fold beyond what chance alone brings, as a probability.
    lowest_slope, highest_slope : float
        Between which the calibration slope has to be: 1 is right, less is too sure, more too timid.
    worse_folds : int
        In so many folds the challenger may be worse than the best baseline.
    worst_fold_loss : float
        And by no more than so much log loss, in nats, in any of them.
    latency_ms : float
        Median time of one prediction.
    tolerance : float
        By which what is served may differ from what was fitted.
    """

    confidence: Annotated[float, Field(ge=0.5, lt=1)] = 0.95
    max_calibration_error: PositiveFloat = 0.03
    lowest_slope: NonNegativeFloat = 0.5
    highest_slope: PositiveFloat = 2.0
    worse_folds: NonNegativeInt = 1
    worst_fold_loss: NonNegativeFloat = 0.02
    latency_ms: PositiveFloat = 10.0
    tolerance: PositiveFloat = 1e-5

    def __post_init__(self) -> None:
        if self.lowest_slope >= self.highest_slope:
            raise ConfigurationError(
                f"training.gate.lowest_slope is {self.lowest_slope:g} and highest_slope {self.highest_slope:g}. "
                "The first must be below the second, with 1, the slope of calibrated forecasts, between them."
            )
