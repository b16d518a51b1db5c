"""What is fitted on features before a model sees them: columns chosen, factors extracted.

Everything here is learned from training rows alone, once for each training window, and travels with the
model that was fitted on its result. An extractor is one file: a class that registers itself in
``EXTRACTORS`` and is named in ``conf/`` under ``training.preparation.factors.kind``; the contract tests
find it.
"""

from algotrade.models.preparation.base import EXTRACTORS, FACTOR_FAMILY, Extractor, build_extractor
from algotrade.models.preparation.preparation import Preparation, PreparationSettings
from algotrade.models.preparation.selection import Dropped, Selection, SelectionSettings, select_columns

__all__ = [
    "EXTRACTORS",
    "FACTOR_FAMILY",
    "Dropped",
    "Extractor",
    "Preparation",
    "PreparationSettings",
    "Selection",
    "SelectionSettings",
    "build_extractor",
    "select_columns",
]
