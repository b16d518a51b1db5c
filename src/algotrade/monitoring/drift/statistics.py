"""The statistics of a window: of each feature by itself, and of groups of features together."""

import numpy as np

from algotrade.domain.candles import FloatArray
from algotrade.monitoring.drift.blocks import Blocks
from algotrade.monitoring.drift.calibration import Scale
from algotrade.monitoring.drift.grid import Grid
from algotrade.monitoring.drift.joint import Pairs, floored

MEASURES = ("psi", "ks", "wasserstein", "missing")
"""What is measured of each feature: three distances between distributions, and the change of the missing share."""
_SCALES = {"psi": (0.5, 0.03), "ks": (1.0, 0.02), "wasserstein": (1.0, 0.02), "missing": (1.0, 0.05)}
_SCALE_OF_GROUPS = (1.0, 0.5)
"""Power and offset of each measure, see :class:`Scale`."""


def scale_of(features: int, groups: int) -> Scale:
    """How the statistics of so many features and groups are made comparable: one measure after the other."""
    scales = [*_SCALES.values(), _SCALE_OF_GROUPS]
    counts = [features] * len(_SCALES) + [groups]
    return Scale(
        measure=np.repeat(np.arange(len(scales)), counts),
        power=np.repeat([power for power, _ in scales], counts),
        offset=np.repeat([offset for _, offset in scales], counts),
    )


def of_feature(grid: Grid, reference: FloatArray, window: FloatArray, beyond: FloatArray) -> FloatArray:
    """:data:`MEASURES` of windows against references, shape ``(..., 4)``.

    Parameters
    ----------
    grid : Grid
    reference, window : ndarray of shape ``(..., cells + 1)``
        Counts by cell, missing values last.
    beyond : ndarray of shape ``(...)``
        Mean distance of the window's values from the range of the reference.
    """
    known, seen = reference[..., :-1], window[..., :-1]
    return np.stack(
        [
            grid.stability(known, seen),
            grid.kolmogorov_smirnov(known, seen),
            grid.wasserstein(known, seen, beyond),
            np.abs(_missing(window) - _missing(reference)),
        ],
        axis=-1,
    )


def counts_of(grid: Grid, values: FloatArray) -> FloatArray:
    """Counts by cell, missing values last, shape ``(cells + 1,)``."""
    return np.bincount(grid.cell_of(values), minlength=grid.cells + 1).astype(np.float64)


def of_group(pairs: Pairs, scores: FloatArray, blocks: Blocks) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The joint statistic of each window of the reference against the rest of it.

    Parameters
    ----------
    pairs : Pairs
    scores : ndarray of shape ``(n, features)``
    blocks : Blocks

    Returns
    -------
    drawn : ndarray of shape ``(draws,)``
    whole, scale : ndarray of shape ``(2 * pairs,)``
        The numbers of the whole reference, and how far those of windows are from the rest, root mean square.
    """
    if not len(pairs):
        return np.zeros(len(blocks.starts)), np.empty(0), np.empty(0)
    sums = pairs.sums(scores, blocks.edges)
    window, rest = (pairs.numbers(each) for each in blocks.sums(sums))
    squares = (window - rest) ** 2
    apart = blocks.apart / blocks.apart.sum(axis=1, keepdims=True)
    drawn = np.sqrt((squares / floored(apart @ squares)).mean(axis=1))
    return drawn, pairs.numbers(sums.sum(axis=0)), np.sqrt(floored(squares.mean(axis=0)))


def _missing(counts: FloatArray) -> FloatArray:
    return np.asarray(counts[..., -1] / np.maximum(counts.sum(axis=-1), 1))
