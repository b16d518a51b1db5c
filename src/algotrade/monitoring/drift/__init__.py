"""Whether features still look as they did where the model learned, with thresholds that keep their level."""

from algotrade.monitoring.drift.comparison import Comparison, Pair, compare
from algotrade.monitoring.drift.observations import Observations
from algotrade.monitoring.drift.reference import ALL_FEATURES, Origin, Reference, learn_reference
from algotrade.monitoring.drift.settings import DriftSettings
from algotrade.monitoring.drift.statistics import MEASURES
from algotrade.monitoring.drift.verdict import in_words, verdict

__all__ = [
    "ALL_FEATURES",
    "MEASURES",
    "Comparison",
    "DriftSettings",
    "Observations",
    "Origin",
    "Pair",
    "Reference",
    "compare",
    "in_words",
    "learn_reference",
    "verdict",
]
