"""What the model looks at: the window of features of one prediction, or why there is none."""

import numpy as np

from algotrade.data.online_store import Batch, FeatureVectors
from algotrade.domain.candles import FloatArray
from algotrade.domain.timeframe import Timeframe
from algotrade.features.naming import required_features
from algotrade.inference.problems import UnfitFeatures
from algotrade.inference.schemas import ModelDescription, NamedRow
from algotrade.models.samples import sample_ends, usable_rows

_MOST_NAMES = 5


def window_of_names(features: NamedRow, model: ModelDescription) -> FloatArray:
    """Window of shape ``(1, F)`` from numbers by feature name.

    Raises
    ------
    UnfitFeatures
        If a feature is missing or unknown, or the model looks at more than one candle.
    """
    if model.history != 1:
        raise UnfitFeatures(
            f"The model looks at {model.history} candles: send features as a matrix of {model.history} rows "
            f"(oldest first) of {len(model.feature_names)} numbers, in the order that GET /models lists."
        )
    missing = [name for name in model.feature_names if name not in features]
    unknown = [name for name in features if name not in model.feature_names]
    if missing or unknown:
        raise UnfitFeatures(
            f"Features missing: {listed(missing)}; unknown: {listed(unknown)}. GET /models lists those of the model."
        )
    return np.array([[features[name] for name in model.feature_names]], dtype=np.float64)


def window_of_rows(rows: list[list[float]], model: ModelDescription) -> FloatArray:
    """Window of shape ``(history, F)`` from rows in the order of the model's features.

    Raises
    ------
    UnfitFeatures
        If the shape is another.
    """
    width = len(model.feature_names)
    if len(rows) != model.history or any(len(row) != width for row in rows):
        widths = listed([str(each) for each in sorted({len(row) for row in rows})], " or ")
        raise UnfitFeatures(
            f"features has {len(rows)} rows of {widths} numbers; the model takes {model.history} rows (oldest first) "
            f"of {width}, in the order that GET /models lists."
        )
    return np.array(rows, dtype=np.float64)


def lacking(vectors: FeatureVectors | None, model: ModelDescription) -> str:
    """What keeps the newest of ``vectors`` from being predicted on; empty where nothing does."""
    if vectors is None:
        return f"no {model.timeframe} features online yet"
    if vectors.values.shape[1] != len(model.feature_names):
        return f"{vectors.values.shape[1]} features online, the model takes {len(model.feature_names)}"
    if len(vectors.values) < model.history:
        return f"{len(vectors.values)} candles of features online, the model looks at {model.history}"
    if not _ends_a_sample(vectors, model):
        return _why_incomplete(vectors, model)
    return ""


def _ends_a_sample(vectors: FeatureVectors, model: ModelDescription) -> bool:
    """Whether training would have taken the newest row as the end of a sample."""
    one_symbol = np.zeros(len(vectors.values), dtype=np.int64)
    step_ms = Timeframe(model.timeframe).milliseconds
    usable = usable_rows(vectors.values, required_features(tuple(model.feature_names)))
    ends = sample_ends(one_symbol, vectors.open_time_ms, step_ms, usable, model.history)
    return len(vectors.values) - 1 in ends


def _why_incomplete(vectors: FeatureVectors, model: ModelDescription) -> str:
    awaited = np.flatnonzero(vectors.missing & required_features(tuple(model.feature_names)))
    if not len(awaited):
        return f"features are still warming up, or candles are missing among the last {model.history}"
    names = listed([model.feature_names[column] for column in awaited])
    return f"features are still warming up, or their data is missing: the newest candle has no {names}"


def listed(names: list[str], separator: str = ", ") -> str:
    """At most five of ``names``, each cut short: a refusal need not repeat what was sent."""
    rest = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return (separator.join(name[:120] for name in names[:_MOST_NAMES]) or "none") + rest


def too_old(batch: Batch, symbol: str) -> str:
    """How old the newest features of a symbol are, and how old they may be."""
    limit = "" if batch.max_age is None else f", and at most {batch.max_age:g} are accepted"
    return f"the newest features are {batch.age(symbol):,.1f} candles old{limit}"
