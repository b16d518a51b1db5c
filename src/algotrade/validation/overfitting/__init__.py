"""How much of a backtest's success is luck: corrections for short samples, fat tails and many trials."""

from algotrade.validation.overfitting.deflation import (
    deflated_sharpe,
    expected_maximum_sharpe,
    independent_trials,
)
from algotrade.validation.overfitting.sharpe import SharpeSample, minimum_track_record, probabilistic_sharpe
from algotrade.validation.overfitting.superiority import Superiority, superiority
from algotrade.validation.overfitting.symmetric import OverfittingEstimate, probability_of_backtest_overfitting

__all__ = [
    "OverfittingEstimate",
    "SharpeSample",
    "Superiority",
    "deflated_sharpe",
    "expected_maximum_sharpe",
    "independent_trials",
    "minimum_track_record",
    "probabilistic_sharpe",
    "probability_of_backtest_overfitting",
    "superiority",
]
