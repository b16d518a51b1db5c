"""What a challenger has to be besides good: each check a small pure function of what was found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from algotrade.domain.candles import FloatArray, to_milliseconds
from algotrade.models.manifest import Manifest
from algotrade.models.samples import Forecast
from algotrade.validation.folds import Fold
from algotrade.validation.gate.settings import GateSettings


@dataclass(frozen=True)
class Check:
    """One requirement, what was found, and what that means.

    Attributes
    ----------
    name : str
    passed : bool
    found : str
        In numbers.
    required : str
    reason : str
        In words, whether it passed or not.
    """

    name: str
    passed: bool
    found: str
    required: str
    reason: str

    def to_json(self) -> dict[str, Any]:
        """The same as a mapping."""
        return dict(vars(self))


def leak_check(
    predictions: pd.DataFrame, folds: Sequence[Fold], prepared_until: Sequence[int], trained_until: Sequence[int]
) -> Check:
    """Nothing that a fold's models knew is later than its training end, and all they forecast is.

    Parameters
    ----------
    predictions : DataFrame
        Of the challenger, out of fold.
    folds : sequence of Fold
    prepared_until, trained_until : sequence of int
        When the last label is known that the preparation and the models of each fold learned from, milliseconds.
    """
    faults = []
    if not len(folds) == len(prepared_until) == len(trained_until):
        faults.append(f"{len(folds)} folds, {len(prepared_until)} preparations and {len(trained_until)} fits")
    for fold, prepared, trained in zip(folds, prepared_until, trained_until, strict=False):
        faults += _faults_of(fold, predictions[predictions["fold"] == fold.index], prepared, trained)
    if stray := int((~predictions["fold"].isin([fold.index for fold in folds])).sum()):
        faults.append(f"{stray} forecasts belong to no fold")
    return Check(
        name="no leak",
        passed=not faults,
        found=f"{len(faults)} faults in {len(folds)} folds",
        required="0 faults",
        reason="; ".join(faults) or "every label learned from was known before the first candle of its test span",
    )


def calibration_check(calibration: Mapping[str, Any], settings: GateSettings) -> Check:
    """Out of fold, a probability means what it says.

    Parameters
    ----------
    calibration : mapping
        Of the challenger, as ``CalibrationScores.to_json`` has it.
    settings : GateSettings
    """
    error, slope = (calibration[name]["value"] for name in ("error", "slope"))
    chance = calibration["error_by_chance"]
    if error is None or slope is None or chance is None:
        found, passed = "not defined", False
    else:
        found = f"error {error:.4f}, {chance:.4f} by chance, slope {slope:.2f}"
        straight = settings.lowest_slope <= slope <= settings.highest_slope
        passed = straight and error - chance <= settings.max_calibration_error
    return Check(
        name="calibrated",
        passed=passed,
        found=found,
        required=f"error ≤ {settings.max_calibration_error:g} beyond chance, "
        f"slope {settings.lowest_slope:g} to {settings.highest_slope:g}",
        reason="probabilities mean what they say" if passed else _miscalibration(slope, settings),
    )


def stability_check(scores: pd.DataFrame, challenger: str, baselines: Sequence[str], settings: GateSettings) -> Check:
    """In most folds the challenger beats the best baseline, and in none it is much worse.

    Parameters
    ----------
    scores : DataFrame
        ``model``, ``fold``, ``rows``, ``log_loss``.
    challenger : str
    baselines : sequence of str
        The best of them over all folds is the measure.
    settings : GateSettings
    """
    loss = scores.pivot_table(index="fold", columns="model", values="log_loss")
    rows = scores[scores["model"] == challenger].set_index("fold")["rows"].reindex(loss.index)
    overall = {name: float(np.average(loss[name], weights=rows)) for name in baselines}
    best = min(overall, key=lambda name: overall[name])
    worse_by = (loss[challenger] - loss[best]).to_numpy()
    worse, worst = int((worse_by > 0).sum()), float(worse_by.max())
    passed = worse <= settings.worse_folds and worst <= settings.worst_fold_loss
    return Check(
        name="stable over folds",
        passed=bool(passed),
        found=f"worse than {best} in {worse} of {len(worse_by)} folds, by {max(worst, 0.0):.4f} at most",
        required=f"in {settings.worse_folds} at most, by {settings.worst_fold_loss:g}",
        reason="it holds up in every season that was tested" if passed else "it does not hold up in every season",
    )


def latency_check(milliseconds: float, settings: GateSettings) -> Check:
    """Half of all single predictions are made within the budget."""
    passed = milliseconds <= settings.latency_ms
    return Check(
        name="fast enough",
        passed=passed,
        found=f"{milliseconds:.3f} ms a prediction (median)",
        required=f"≤ {settings.latency_ms:g} ms",
        reason="it answers within the budget" if passed else "it is too slow for the budget of the service",
    )


def serving_check(fitted: Forecast, served: Forecast, heavy: Sequence[str], settings: GateSettings) -> Check:
    """A process that only serves loads the bundle, and says what the fitted model says.

    Parameters
    ----------
    fitted, served : Forecast
        Of the same windows.
    heavy : sequence of str
        Libraries of the training that the serving process has loaded.
    settings : GateSettings
    """
    apart = max(
        _largest_distance(fitted.probability, served.probability),
        _largest_distance(fitted.expected_return, served.expected_return),
    )
    passed = not heavy and apart <= settings.tolerance
    reason = "a new process without the libraries of training serves what was fitted"
    if heavy:
        reason = f"serving it loads {', '.join(heavy)}, which only training may need"
    elif not passed:
        reason = "what is served is not what was fitted"
    return Check(
        name="loadable in serving",
        passed=passed,
        found=f"{apart:.1e} apart from what was fitted, in {len(fitted.probability)} answers",
        required=f"≤ {settings.tolerance:.0e}, without libraries of training",
        reason=reason,
    )


def features_check(manifest: Manifest, spec: dict[str, Any]) -> Check:
    """The bundle asks for the features that the feature set computes, in their order."""
    same = manifest.feature_fingerprint == spec["fingerprint"] and list(manifest.feature_names) == list(spec["names"])
    return Check(
        name="same features",
        passed=same,
        found=f"fingerprint {manifest.feature_fingerprint[:12]}",
        required=f"fingerprint {spec['fingerprint'][:12]}",
        reason="it reads what is computed" if same else "it was trained on other features than those computed now",
    )


def _faults_of(fold: Fold, own: pd.DataFrame, prepared_until: int, trained_until: int) -> list[str]:
    faults = []
    if fold.train_until > fold.test_start:
        faults.append(f"fold {fold.index} trains beyond the start of its test span")
    if prepared_until > fold.train_until:
        faults.append(f"the preparation of fold {fold.index} learned from labels known after its training end")
    if trained_until > fold.train_until:
        faults.append(f"the models of fold {fold.index} learned from labels known after its training end")
    opened, known = to_milliseconds(own["open_time"]), to_milliseconds(own["known_at"])
    if ((opened < fold.test_start) | (opened >= fold.test_end)).any():
        faults.append(f"fold {fold.index} forecasts candles outside of its test span")
    if (known <= to_milliseconds(own["close_time"])).any():
        faults.append(f"labels of fold {fold.index} are known before their candle has closed")
    return faults


def _miscalibration(slope: float | None, settings: GateSettings) -> str:
    if slope is None:
        return "its probabilities cannot be held against what happened"
    if slope < settings.lowest_slope:
        return "it is surer than it should be"
    if slope > settings.highest_slope:
        return "it is less sure than it could be"
    return "probabilities are off what happened"


def _largest_distance(first: FloatArray, second: FloatArray) -> float:
    if first.shape != second.shape or not (np.isfinite(first) == np.isfinite(second)).all():
        return float("inf")
    known = np.isfinite(first)
    return float(np.abs(first[known] - second[known]).max(initial=0.0))
