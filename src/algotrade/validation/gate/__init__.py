"""The gate: whether a newly trained model takes the place of the champion, and why.

A challenger has to beat the champion and every baseline on the same rows, by more than noise, and to pass the
checks. Nothing here reads or writes anything: the caller brings predictions and measurements, and gets a decision.
"""

from algotrade.validation.gate.checks import (
    Check,
    calibration_check,
    features_check,
    latency_check,
    leak_check,
    serving_check,
    stability_check,
)
from algotrade.validation.gate.comparison import Comparison, compare, same_candles
from algotrade.validation.gate.decision import Contender, Decision, decide
from algotrade.validation.gate.rival import known_until, rival_forecasts
from algotrade.validation.gate.settings import GateSettings

__all__ = [
    "Check",
    "Comparison",
    "Contender",
    "Decision",
    "GateSettings",
    "calibration_check",
    "compare",
    "decide",
    "features_check",
    "known_until",
    "latency_check",
    "leak_check",
    "rival_forecasts",
    "same_candles",
    "serving_check",
    "stability_check",
]
