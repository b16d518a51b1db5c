"""What just happened goes on, as often as it did so in training."""

import logging
import math
import re
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from pydantic import PositiveInt
from pydantic.dataclasses import dataclass as settings_dataclass

from algotrade.domain.candles import FloatArray
from algotrade.models.base import MODELS, Model
from algotrade.models.configuration import STRICT
from algotrade.models.samples import Forecast, LabelledSamples, Samples

_PAST_RETURN = re.compile(r"log_return_(\d+)")
_logger = logging.getLogger(__name__)


@settings_dataclass(frozen=True, config=STRICT)
class PersistenceSettings:
    """Settings of the persistence baseline.

    Attributes
    ----------
    horizon : int
        Candles of the past return that goes on; in a run, those that a forecast looks ahead.
    """

    horizon: PositiveInt = 8


@dataclass(frozen=True)
class _Continuation:
    """What followed a past return in training.

    Attributes
    ----------
    column : int or None
        Of the past return; None where the features hold none.
    base_rate : float
        Where there was no move to go on.
    probability : float
        That the return goes on in its direction.
    drift : float
        Mean log return in that direction.
    """

    column: int | None
    base_rate: float
    probability: float
    drift: float


@MODELS.register("persistence")
@dataclass(frozen=True)
class Persistence(Model):
    r"""The sign of the last return goes on, with the probability that it did so in the training rows.

    .. math:: p = P(\text{up} \mid \text{last return} > 0) = 1 - P(\text{up} \mid \text{last return} < 0)
        = \frac{1 + \sum_{\text{went on}} w}{2 + \sum w}

    (Laplace's rule, :math:`w` the weights of the rows that had a last return). Below one half it says that returns
    reverse. The last return is the column ``log_return_<horizon>``, or that of the nearest window by ratio, the
    shorter of two. Where there is no such column, and after no move, the forecast is the base rate.
    """

    settings: PersistenceSettings = field(default_factory=PersistenceSettings)
    fitted: _Continuation | None = None

    name: ClassVar[str] = "persistence"
    settings_type: ClassVar[type[PersistenceSettings]] = PersistenceSettings
    prepared: ClassVar[bool] = False

    def learn(self, training: LabelledSamples, early_stopping: LabelledSamples | None) -> Self:  # noqa: ARG002
        """Count how often the last return went on."""
        targets, column = training.targets, past_return_column(training.samples.names, self.settings.horizon)
        if column is None:
            _logger.warning("No feature is a past return (log_return_N): persistence forecasts the base rate.")
            return replace(self, fitted=_Continuation(None, targets.base_rate, 0.5, 0.0))
        past = _sign(training.samples, column)
        weight = targets.weight * (past != 0)
        went_on = np.where(targets.direction, 1.0, -1.0) == past
        probability = float((1 + weight[went_on].sum()) / (2 + weight.sum()))
        drift = float(weight @ (past * targets.forward_return) / weight.sum()) if weight.any() else 0.0
        return replace(self, fitted=_Continuation(column, targets.base_rate, probability, drift))

    def predict(self, samples: Samples) -> Forecast:
        """Forecast from the past return of the last row of each sample."""
        if self.fitted is None:
            raise self.not_fitted()
        known, column = self.fitted, self.fitted.column
        past = _sign(samples, column) if column is not None else np.zeros(len(samples))
        after_rise = np.where(past > 0, known.probability, 1 - known.probability)
        return Forecast(np.where(past == 0, known.base_rate, after_rise), past * known.drift)

    def save(self, folder: Path) -> None:
        """Write what was counted as JSON."""
        if self.fitted is None:
            raise self.not_fitted()
        self.write_parameters(folder, fitted=asdict(self.fitted))

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what ``save`` wrote."""
        settings, content = cls.read_parameters(folder)
        return cls(settings, _Continuation(**content["fitted"]))


def past_return_column(names: tuple[str, ...], horizon: int) -> int | None:
    """Column of the past return whose window is nearest to ``horizon`` by ratio, the shorter of two.

    >>> past_return_column(("rsi_14", "log_return_1", "log_return_4", "log_return_12"), horizon=8)
    3
    """
    found = ((column, _PAST_RETURN.fullmatch(name)) for column, name in enumerate(names))
    windows = {int(match[1]): column for column, match in found if match}
    if not windows:
        return None
    return windows[min(windows, key=lambda window: (abs(math.log(window / horizon)), window))]


def _sign(samples: Samples, column: int) -> FloatArray:
    return np.asarray(np.nan_to_num(np.sign(samples.last()[:, column])))
