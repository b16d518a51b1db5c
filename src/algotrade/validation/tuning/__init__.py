"""The search for settings, inside the training rows of the first fold.

``search_settings`` searches one family over the inner folds of ``inner_data``. What may be tried is in ``SPACES``,
how it is tried in ``TuningSettings``. A search keeps its trials in a study, which can be interrupted, resumed and
shared by several processes.
"""

from algotrade.validation.tuning.inner import InnerData, InnerFold, inner_data
from algotrade.validation.tuning.results import Search, Trial
from algotrade.validation.tuning.search import search_settings
from algotrade.validation.tuning.settings import TuningSettings
from algotrade.validation.tuning.spaces import SPACES, Range, Space, search_space

__all__ = [
    "SPACES",
    "InnerData",
    "InnerFold",
    "Range",
    "Search",
    "Space",
    "Trial",
    "TuningSettings",
    "inner_data",
    "search_settings",
    "search_space",
]
