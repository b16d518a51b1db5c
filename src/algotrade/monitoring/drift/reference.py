"""What the features looked like where the model learned, and how much they vary there from window to window."""

from dataclasses import dataclass

import numpy as np

from algotrade.domain.candles import FloatArray
from algotrade.errors import FeatureError, NoCandles
from algotrade.monitoring.drift.blocks import Blocks
from algotrade.monitoring.drift.calibration import Calibration, require_enough_windows
from algotrade.monitoring.drift.grid import Grid
from algotrade.monitoring.drift.joint import Pairs
from algotrade.monitoring.drift.observations import Observations
from algotrade.monitoring.drift.settings import DriftSettings
from algotrade.monitoring.drift.statistics import counts_of, of_feature, of_group, scale_of

ALL_FEATURES = "all features"
"""Name of the group that every feature belongs to."""


@dataclass(frozen=True)
class Origin:
    """Where a reference comes from.

    Attributes
    ----------
    names, families : tuple of str
        Of the features, in the order of the columns.
    fingerprint : str
        Of the feature set.
    model_version : str
        Of the champion that learned from it.
    data_digest : str
        Of the candles that the champion was trained on.
    exchange, timeframe : str
    timeframe_ms : int
    symbols : tuple of str
    """

    names: tuple[str, ...]
    families: tuple[str, ...]
    fingerprint: str
    model_version: str
    data_digest: str
    exchange: str
    timeframe: str
    timeframe_ms: int
    symbols: tuple[str, ...]

    @property
    def groups(self) -> tuple[str, ...]:
        """The families in the order of their first feature, and all features together."""
        return (*dict.fromkeys(self.families), ALL_FEATURES)

    def members(self, group: str) -> list[int]:
        """Columns of a group."""
        return [place for place, family in enumerate(self.families) if group in {family, ALL_FEATURES}]


@dataclass(frozen=True)
class Group:
    """The pairs of a group of features, their numbers in the reference, and how far those of windows are from it."""

    pairs: Pairs
    whole: FloatArray
    scale: FloatArray


@dataclass(frozen=True)
class Reference:
    """The features where a model learned, ready to compare a window with.

    Attributes
    ----------
    origin : Origin
    settings : DriftSettings
    first, last : int
        Numbers of the first and the last candle: open time over timeframe.
    rows : int
        Behind the counts.
    share : float
        Of the candles that was kept; a window is thinned alike.
    grids : tuple of Grid
        One a feature.
    counts : tuple of ndarray
        Of each feature by cell, missing values last.
    groups : tuple of Group
        In the order of :attr:`Origin.groups`.
    correlation : ndarray of shape ``(features, features)``
        Of the normal scores.
    calibration : Calibration
        Of the measures by feature, one measure after the other, then of the groups.
    sample : Observations
        A few of the rows, for people to look at.
    """

    origin: Origin
    settings: DriftSettings
    first: int
    last: int
    rows: int
    share: float
    grids: tuple[Grid, ...]
    counts: tuple[FloatArray, ...]
    groups: tuple[Group, ...]
    correlation: FloatArray
    calibration: Calibration
    sample: Observations

    def require(self, fingerprint: str) -> None:
        """Refuse features that are not those of the reference.

        Raises
        ------
        FeatureError
        """
        if fingerprint != self.origin.fingerprint:
            raise FeatureError(
                f"drift: the reference was made of features with the fingerprint {self.origin.fingerprint[:12]}, but "
                f"those to be compared with it have {fingerprint[:12]}: other features, or computed by other code. "
                "Train a model on the present features (its reference is then made anew), or restore the old ones."
            )

    def scores(self, observations: Observations) -> FloatArray:
        """Normal scores of rows by their ranks in the reference, shape ``(n, features)``."""
        return _scores(self.grids, self.counts, observations)


def learn_reference(observations: Observations, origin: Origin, settings: DriftSettings) -> Reference:
    """Reference of the feature rows that a model was trained on.

    Raises
    ------
    NoCandles
        If there is no row.
    TooFewCandles
        If the rows are too few windows long for the level of the settings.
    """
    if not len(observations):
        raise NoCandles(
            "drift: there are no feature rows in the span that the champion was trained on. Run feature_engineering "
            "on candles that cover it, or train a new model."
        )
    require_enough_windows(observations.span, settings)
    share = min(1.0, settings.reference_rows / len(observations))
    kept = observations.thinned(share)
    blocks = Blocks.over(kept.candle, settings)
    grids = tuple(Grid.of(column, settings.bins) for column in kept.features.T)
    counts = tuple(counts_of(grid, column) for grid, column in zip(grids, kept.features.T, strict=True))
    scores = _scores(grids, counts, kept)
    singles = np.stack(
        [_drawn(grid, column, blocks) for grid, column in zip(grids, kept.features.T, strict=True)], axis=2
    )
    together, groups = _groups(scores, origin, blocks, settings)
    drawn = np.concatenate([singles.reshape(len(blocks.starts), -1), together], axis=1)
    return Reference(
        origin=origin,
        settings=settings,
        first=int(observations.candle[0]),
        last=int(observations.candle[-1]),
        rows=len(kept),
        share=share,
        grids=grids,
        counts=counts,
        groups=groups,
        correlation=correlations(scores),
        calibration=Calibration.of(drawn, scale_of(len(origin.names), len(origin.groups)), blocks, settings.level),
        sample=kept.thinned(min(1.0, share * settings.sample_rows / len(kept))),
    )


def correlations(scores: FloatArray) -> FloatArray:
    """Correlation of every two columns, 0 where one does not vary, shape ``(features, features)``."""
    centred = scores - scores.mean(axis=0)
    deviation = np.sqrt((centred**2).mean(axis=0))
    scaled = centred / np.where(deviation > 1e-6, deviation, np.inf)
    return np.asarray(scaled.T @ scaled / len(scores))


def _drawn(grid: Grid, values: FloatArray, blocks: Blocks) -> FloatArray:
    """The measures of each window of the reference against the rest, shape ``(draws, 4)``."""
    cells = grid.cells + 1
    window, rest = blocks.sums(blocks.by_segment(grid.cell_of(values), cells))
    return of_feature(grid, rest, window, np.zeros(len(window)))


def _groups(
    scores: FloatArray, origin: Origin, blocks: Blocks, settings: DriftSettings
) -> tuple[FloatArray, tuple[Group, ...]]:
    drawn, groups = [], []
    for name in origin.groups:
        pairs = Pairs.of(np.array(origin.members(name)), settings.pairs)
        joint, whole, scale = of_group(pairs, scores, blocks)
        drawn.append(joint)
        groups.append(Group(pairs, whole, scale))
    return np.stack(drawn, axis=1), tuple(groups)


def _scores(grids: tuple[Grid, ...], counts: tuple[FloatArray, ...], observations: Observations) -> FloatArray:
    scores = np.empty(observations.features.shape, dtype=np.float64)
    for place, (grid, counted) in enumerate(zip(grids, counts, strict=True)):
        scores[:, place] = grid.scores(counted[:-1])[grid.cell_of(observations.features[:, place])]
    return scores
