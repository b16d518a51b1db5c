"""The rows that folds learn from, probed with other prices in the span that each fold is tested on."""

import numpy as np
import pandas as pd

from algotrade.audit.findings import Finding
from algotrade.audit.labels import after_open, changed_labels
from algotrade.audit.recipe import ChainRecipe
from algotrade.domain.candles import BoolArray, Panel, from_milliseconds
from algotrade.validation.folds import Fold
from algotrade.validation.training_data import TrainingData
from algotrade.validation.training_rows import fitting_masks

_KEYS = ["symbol", "open_time"]


def probe_folds(chain: ChainRecipe, panel: Panel) -> list[Finding]:
    """What there is to say against the edges of folds: rows learned from whose labels the time after them changes.

    Everything after the open of a fold's first test row is changed. No label that the fold fits on, or stops early on,
    may change with it, whatever its ``known_at`` says; nor, with everything changed after the first row that it stops
    early on, may a label that it fits on.

    Parameters
    ----------
    chain : ChainRecipe
        Of which features, labels, folds and training settings are looked at.
    panel : Panel
    """
    labels = chain.labels_of(panel)
    data = chain.samples_of(chain.features_of(panel), labels, panel)
    found = []
    for fold in chain.folds_of(data):
        fit, stop = fitting_masks(data, fold, chain.training)
        edges = (
            (fit | stop, fold.test_start, "the span that it is tested on"),
            (fit, int(data.open_time[stop].min()), "the span that it stops early on"),
        )
        for rows, until, span in edges:
            found += _probed(chain, panel, _labels_of(data, rows, labels), fold, (until, span))
    return found


def _probed(
    chain: ChainRecipe, panel: Panel, learned: pd.DataFrame, fold: Fold, edge: tuple[int, str]
) -> list[Finding]:
    until, span = edge
    row = (until - int(panel.open_time[0])) // panel.timeframe.milliseconds
    changed: BoolArray = changed_labels(learned, chain.labels_of(after_open(panel, row)))
    if not changed.any():
        return []
    late = (learned["known_at"][changed] - from_milliseconds([until])[0]).max() / pd.Timedelta(
        milliseconds=panel.timeframe.milliseconds
    )
    begins = f"{from_milliseconds([until])[0]:%Y-%m-%d %H:%M}"
    detail = (
        f"learns from labels that prices of {span} change, which begins at {begins}; purge rows by a `known_at` that "
        "is true of them"
    )
    name, share, reach = f"fold {fold.index}", float(changed.mean()), max(int(np.ceil(late)), 0)
    rows = int(changed.sum())
    return [Finding("folds", name, "fold_edge", ("prices",), rows=rows, share=share, reach=reach, detail=detail)]


def _labels_of(data: TrainingData, rows: BoolArray, labels: pd.DataFrame) -> pd.DataFrame:
    keys = pd.DataFrame(
        {
            "symbol": pd.Index(data.symbols).take(data.symbol_codes[rows]),
            "open_time": from_milliseconds(data.open_time[rows]),
        }
    )
    return keys.merge(labels, on=_KEYS, how="left")
