"""Features: pure functions from candles to scale-free numbers that never see the future.

A feature is a function with the :func:`~algotrade.features.base.feature` decorator in a module of this
package; :data:`FEATURES` finds it by itself. A :class:`FeatureSet` computes several, for research and live alike.
"""

from algotrade.features.base import FEATURES, Feature, feature
from algotrade.features.feature_set import FeatureSet

__all__ = ["FEATURES", "Feature", "FeatureSet", "feature"]
