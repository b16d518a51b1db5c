"""Labels: what came of each row, and when it was known.

A label is one file: a class that registers itself in ``LABELS`` and is named in ``conf/`` under
``training.label.kind``; the contract tests find it.
"""

from algotrade.validation.labels.base import LABEL_COLUMNS, LABELS, Label, Outcomes, build_label
from algotrade.validation.labels.forward_return import ForwardReturn, forward_returns

__all__ = [
    "LABELS",
    "LABEL_COLUMNS",
    "ForwardReturn",
    "Label",
    "Outcomes",
    "build_label",
    "forward_returns",
]
