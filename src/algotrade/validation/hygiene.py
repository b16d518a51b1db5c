"""What the feature frame is like: constant, twice, nearly the same, missing, out of line. For reading only.

The report looks at all rows of a run, test rows included. Nothing is chosen from it: what a model sees is
chosen by its preparation, inside each training window (``validation.preparing``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Any

import numpy as np
import pandas as pd
from pydantic import Field, PositiveFloat
from pydantic.dataclasses import dataclass as settings_dataclass

from algotrade.domain.candles import BoolArray, FloatArray
from algotrade.domain.timeframe import IntArray
from algotrade.features.naming import required_features
from algotrade.models.configuration import STRICT
from algotrade.models.preparation.columns import constant_columns, first_copies, rank_correlations, representatives
from algotrade.models.preparation.selection import evenly
from algotrade.models.samples import usable_rows
from algotrade.models.standardisation import Standardiser

KEYS = ("symbol", "open_time")
"""Columns of a feature frame that are no features."""


@settings_dataclass(frozen=True, config=STRICT)
class HygieneSettings:
    """What the report calls nearly the same, and out of line.

    Attributes
    ----------
    max_correlation : float
        Absolute rank correlation above which two features count as nearly the same.
    outlier_limit : float
        Robust standard deviations from the median beyond which a value is out of line.
    max_rows : int
        Rows, in even steps, on which correlations are taken.
    """

    max_correlation: Annotated[float, Field(gt=0, le=1)] = 0.95
    outlier_limit: PositiveFloat = 10.0
    max_rows: Annotated[int, Field(ge=100)] = 10_000


def feature_hygiene(
    features: pd.DataFrame, families: Mapping[str, str], settings: HygieneSettings | None = None
) -> pd.DataFrame:
    """One row a feature, in the order of the columns.

    Parameters
    ----------
    features : DataFrame
        ``symbol``, ``open_time``, then one column for each feature, sorted by symbol, then time.
    families : mapping of str to str
        By feature.
    settings : HygieneSettings, optional

    Returns
    -------
    DataFrame
        ``feature``, ``family``, ``missing_share`` of all rows, ``symbols_without`` (that never have it),
        ``warm_up_rows`` (the longest until a symbol has it), ``scattered_rows`` (missing later on: each of them
        is lost to training), ``constant``, ``duplicate_of`` (the first equal feature, or nothing), ``cluster``
        (numbered from 1, 0 for those that stand alone), ``representative`` of the cluster, ``nearest`` other
        feature and the ``nearest_correlation`` of ranks with it on usable rows, ``outlier_share`` of the values
        that are there. The representative is chosen as a preparation chooses what stays.
    """
    options = settings or HygieneSettings()
    names = [str(column) for column in features.columns if column not in KEYS]
    values = np.ascontiguousarray(features[names].to_numpy(dtype=np.float64))
    codes = pd.factorize(features["symbol"])[0].astype(np.int64)
    return pd.DataFrame(
        {
            "feature": pd.Series(names, dtype="str"),
            "family": pd.Series([families.get(name, "") for name in names], dtype="str"),
            **_missing(values, codes),
            **_sameness(values, names, options),
            "outlier_share": _outlier_share(values, options.outlier_limit),
        }
    )


@dataclass(frozen=True)
class RowLoss:
    """Feature rows that no model can use, and why.

    Attributes
    ----------
    rows, warm_up, scattered : int
        All rows; those lost before every feature that every candle should have had begun; those lost later.
    worst : str
        The feature that is missing in most of the rows lost later; empty if there are none.
    """

    rows: int
    warm_up: int
    scattered: int
    worst: str


def row_loss(features: pd.DataFrame) -> RowLoss:
    """Rows of a feature frame, sorted by symbol, that are lost: a feature that every candle should have is missing."""
    names = [str(column) for column in features.columns if column not in KEYS]
    values = np.ascontiguousarray(features[names].to_numpy(dtype=np.float64))
    codes = pd.factorize(features["symbol"])[0].astype(np.int64)
    required = required_features(tuple(names))
    lost = ~usable_rows(values, required)
    begun = np.zeros(len(values), dtype=np.bool_)
    scattered = np.zeros(len(names), dtype=np.int64)
    for block in _symbols(codes):
        first, later = _gaps(np.isfinite(values[block]))
        begun[block] = np.arange(block.stop - block.start) >= first[required].max(initial=0)
        scattered += np.where(required, later, 0)
    worst = names[int(scattered.argmax())] if names and (lost & begun).any() else ""
    return RowLoss(len(values), int((lost & ~begun).sum()), int((lost & begun).sum()), worst)


def _missing(values: FloatArray, codes: IntArray) -> dict[str, Any]:
    width = values.shape[1]
    without, warm_up, scattered = (np.zeros(width, dtype=np.int64) for _ in range(3))
    finite = np.isfinite(values)
    for block in _symbols(codes):
        first, later = _gaps(finite[block])
        never = first == block.stop - block.start
        without += never
        warm_up = np.maximum(warm_up, np.where(never, 0, first))
        scattered += later
    missing_share = 1.0 - finite.mean(axis=0) if len(values) else np.ones(width)
    return {
        "missing_share": missing_share,
        "symbols_without": without,
        "warm_up_rows": warm_up,
        "scattered_rows": scattered,
    }


def _gaps(finite: BoolArray) -> tuple[IntArray, IntArray]:
    """First row of one symbol that has each feature (its length if none has), and rows missing after that."""
    there = finite.any(axis=0)
    first = np.where(there, finite.argmax(axis=0), len(finite))
    return first, len(finite) - first - finite.sum(axis=0)


def _symbols(codes: IntArray) -> list[slice]:
    edges = [0, *(np.flatnonzero(np.diff(codes)) + 1).tolist(), len(codes)]
    return [slice(start, stop) for start, stop in pairwise(edges) if stop > start]


def _sameness(values: FloatArray, names: list[str], options: HygieneSettings) -> dict[str, Any]:
    constant, copies = constant_columns(values), first_copies(values)
    own = np.arange(len(names))
    usable = usable_rows(values, required_features(tuple(names)))
    # As training sees them: a long warm-up is no reason to prefer another feature.
    warm = values[usable] if usable.any() else values
    correlations = rank_correlations(evenly(warm, options.max_rows))
    preferred = np.argsort(np.isnan(warm).mean(axis=0).round(2), kind="stable")
    stands_for = representatives(correlations, preferred, options.max_correlation)
    members = np.bincount(stands_for, minlength=len(names))
    several = np.flatnonzero(members > 1)
    number = np.zeros(len(names), dtype=np.int64)
    number[several] = np.arange(1, len(several) + 1)
    nearest = correlations.argmax(axis=1) if len(names) else own
    highest = correlations[own, nearest]
    label = np.array([*names, ""], dtype=object)
    return {
        "constant": constant,
        # Constants are no copies of each other: they say nothing rather than the same.
        "duplicate_of": pd.Series(label[np.where((copies != own) & ~constant, copies, -1)], dtype="str"),
        "cluster": number[stands_for],
        "representative": pd.Series(label[stands_for], dtype="str"),
        "nearest": pd.Series(label[np.where(highest > 0, nearest, -1)], dtype="str"),
        "nearest_correlation": highest,
    }


def _outlier_share(values: FloatArray, limit: float) -> FloatArray:
    scale = Standardiser.fit(values, limit)
    shares = np.zeros(values.shape[1])
    # Column by column: a frame of millions of rows is not to be held twice.
    for column, (centre, spread) in enumerate(zip(scale.centre, scale.scale, strict=True)):
        there = values[np.isfinite(values[:, column]), column]
        shares[column] = (np.abs(there - centre) > limit * spread).mean() if len(there) else 0.0
    return shares
