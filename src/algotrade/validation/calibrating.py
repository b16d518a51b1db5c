"""Probabilities calibrated, and intervals laid around returns, as it could have been done at the time.

In each fold both are learned from what the model said of the rows of earlier folds whose labels were known when the
training of the fold ended; in the first fold there are none, and nothing is changed. For the bundle they are
learned from all folds.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from algotrade.domain.candles import BoolArray, FloatArray, from_milliseconds, to_milliseconds
from algotrade.models.calibration import Calibration, CalibrationSettings, Identity, fit_calibrator
from algotrade.models.intervals import IntervalSettings, ReturnInterval, volatility_feature
from algotrade.validation.folds import Fold
from algotrade.validation.training_data import TrainingData
from algotrade.validation.walk_forward import PREDICTION_COLUMNS

CALIBRATED_COLUMNS = (*PREDICTION_COLUMNS, "raw_probability", "lower", "upper")
"""Columns of out-of-fold predictions once they are calibrated: what the model said itself, and the interval."""
_ROW = ["symbol", "open_time"]


@dataclass(frozen=True)
class Calibrated:
    """What calibration leaves.

    Attributes
    ----------
    predictions : DataFrame
        With the columns ``CALIBRATED_COLUMNS``; ``lower`` and ``upper`` are NaN in a first fold.
    final : dict of str to Calibration
        By model: learned from all folds, for the model that is fitted on all rows.
    """

    predictions: pd.DataFrame
    final: dict[str, Calibration]


def calibrate_out_of_fold(
    predictions: pd.DataFrame,
    folds: Sequence[Fold],
    calibration: CalibrationSettings | None = None,
    interval: IntervalSettings | None = None,
    volatility: pd.DataFrame | None = None,
) -> Calibrated:
    """Out-of-fold predictions of several models, calibrated by what each had said in earlier folds.

    A model whose forecast is the same for every row of a fold ranks nothing and keeps what it says. A row without a
    forecast (NaN) teaches nothing and stays without one.

    Parameters
    ----------
    predictions : DataFrame
        With the columns ``PREDICTION_COLUMNS``.
    folds : sequence of Fold
        Those the predictions were made in.
    calibration : CalibrationSettings, optional
    interval : IntervalSettings, optional
    volatility : DataFrame, optional
        ``symbol``, ``open_time`` and one column more, a feature that measures it, as ``volatility_of`` gives it.
    """
    ways = _Ways(calibration or CalibrationSettings(), interval or IntervalSettings(), _name_of(volatility))
    rows = predictions if volatility is None else predictions.merge(volatility, on=_ROW, how="left")
    parts, final = [], {}
    for model, own in rows.groupby("model", sort=False):
        parts.append(_walked(own, folds, ways))
        final[str(model)] = ways.learned(own)
    return Calibrated(pd.concat(parts).sort_index()[list(CALIBRATED_COLUMNS)], final)


def volatility_of(data: TrainingData) -> pd.DataFrame | None:
    """How much prices had moved of late at each row, as a feature tells: ``symbol``, ``open_time``, that feature.

    None if no feature measures it.
    """
    name = volatility_feature(data.feature_names)
    if not name:
        return None
    samples = data.labelled.samples
    return pd.DataFrame(
        {
            "symbol": pd.Index(data.symbols).take(data.symbol_codes),
            "open_time": from_milliseconds(data.open_time),
            name: samples.features[samples.ends, data.feature_names.index(name)],
        }
    )


@dataclass(frozen=True)
class _Ways:
    calibration: CalibrationSettings
    interval: IntervalSettings
    volatility: str

    def learned(self, rows: pd.DataFrame) -> Calibration:
        """Calibration learned from rows of one model, whatever their fold."""
        known = rows[np.isfinite(rows["probability"]) & np.isfinite(rows["expected_return"])]
        probability, direction = known["probability"].to_numpy(), known["forward_return"].to_numpy() > 0
        varies = bool((known.groupby("fold")["probability"].agg(np.ptp) > 0).any())
        calibrator = fit_calibrator(self.calibration, probability, direction, _labels(known)) if varies else Identity()
        residual = (known["forward_return"] - known["expected_return"]).to_numpy()
        return Calibration(
            calibrator, ReturnInterval.fit(self.interval.level, residual, self.volatility_in(known), self.volatility)
        )

    def volatility_in(self, rows: pd.DataFrame) -> FloatArray | None:
        return rows[self.volatility].to_numpy() if self.volatility and self.interval.adaptive else None


def _walked(own: pd.DataFrame, folds: Sequence[Fold], ways: _Ways) -> pd.DataFrame:
    """Predictions of one model, each fold calibrated by the folds before it."""
    fold_of, known_at = own["fold"].to_numpy(), to_milliseconds(own["known_at"])
    result = own.assign(raw_probability=own["probability"], lower=np.nan, upper=np.nan)
    for fold in folds:
        here, earlier = fold_of == fold.index, (fold_of < fold.index) & (known_at <= fold.train_until)
        if here.any() and earlier.any():
            _apply(ways.learned(own[earlier]), result, here, ways)
    return result


def _apply(learned: Calibration, result: pd.DataFrame, here: BoolArray, ways: _Ways) -> None:
    rows = result[here]
    result.loc[here, "probability"] = learned.calibrator.apply(rows["probability"].to_numpy())
    if learned.interval is not None:
        half = learned.interval.half_widths(ways.volatility_in(rows))
        result.loc[here, "lower"] = rows["expected_return"] - half
        result.loc[here, "upper"] = rows["expected_return"] + half


def _labels(rows: pd.DataFrame) -> int:
    """Labels that follow each other in the time that rows cover, all symbols of one moment counting as one."""
    if len(rows) == 0:
        return 1
    open_time = to_milliseconds(rows["open_time"])
    length = int((to_milliseconds(rows["known_at"]) - open_time).max())
    return len(np.unique(open_time // length))


def _name_of(volatility: pd.DataFrame | None) -> str:
    return "" if volatility is None else str(next(name for name in volatility.columns if name not in _ROW))
