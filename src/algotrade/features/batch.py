"""Features of a whole panel, written to where they are wanted, piece by piece.

Features of one symbol are computed on all its candles at once. Those of all symbols are computed on some rows at a
time, with as many before them as they look back: what they share then stays in the cache of the processor, so that the
time of a value does not grow with the number of symbols.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from algotrade.domain.candles import BoolArray, FloatArray, Panel
from algotrade.features.base import Feature
from algotrade.features.kernels import settle
from algotrade.features.slower import last_closed, slower_panel

Known = Callable[[str, str], FloatArray | None]
"""From a feature's name and a symbol to values that are known already, one a candle of the symbol."""
Places = list[tuple[int, Feature]]

_CELLS_AT_ONCE = 200_000
_FEWEST_ROWS = 1_024


def fill(features: Sequence[Feature], panel: Panel, blocks: Sequence[FloatArray], known: Known | None = None) -> None:
    """Write every feature of each symbol into its block, of shape ``(features, candles of the symbol)``.

    Parameters
    ----------
    features : sequence of Feature
    panel : Panel
    blocks : sequence of ndarray
        One a symbol, in the panel's order.
    known : callable, optional
        What need not be computed again.
    """
    wanted = [list(enumerate(features)) for _ in panel.symbols]
    if known is not None:
        wanted = [_take(features, known, symbol, block) for symbol, block in zip(panel.symbols, blocks, strict=True)]
    for column, block in enumerate(blocks):
        candles = panel.candles(panel.symbols[column])
        for place, feature in wanted[column]:
            if feature.scope == "symbol" and feature.multiple == 1:
                settle(np.asarray(feature.raw(candles), dtype=np.float64), feature.lookback, block[place])
    left = sorted({place for places in wanted for place, _ in places})
    across = [(k, features[k]) for k in left if features[k].scope == "panel" and features[k].multiple == 1]
    if across:
        _fill_across(across, panel, blocks)
    for multiple in sorted({features[k].multiple for k in left} - {1}):
        _fill_slower([(k, features[k]) for k in left if features[k].multiple == multiple], multiple, panel, blocks)


def _take(features: Sequence[Feature], known: Known, symbol: str, block: FloatArray) -> Places:
    """Write what is known into a block; the places and features that are left."""
    left = []
    for place, feature in enumerate(features):
        values = known(feature.name, symbol)
        if values is None:
            left.append((place, feature))
        else:
            block[place] = values
    return left


def _fill_across(features: Places, panel: Panel, blocks: Sequence[FloatArray]) -> None:
    before = max(feature.lookback for _, feature in features) - 1
    step = max(_CELLS_AT_ONCE // len(panel.symbols), _FEWEST_ROWS)
    written = np.zeros(len(blocks), dtype=np.int64)
    for start in range(0, len(panel), step):
        first = max(0, start - before)
        window = panel[first : start + step]
        present = window.present[start - first :]
        counts = present.sum(axis=0)
        for place, feature in features:
            across = feature.raw(window)[start - first :]
            for column, block in enumerate(blocks):
                own = block[place, written[column] : written[column] + counts[column]]
                _write(across[:, column], present[:, column], max(feature.lookback - start, 1), own)
        written += counts


def _write(raw: FloatArray, present: BoolArray, lookback: int, own: FloatArray) -> None:
    """Settle a feature's rows and write those that have a candle."""
    if len(own) == len(raw):
        settle(raw, lookback, own)
    else:
        settled = np.empty(len(raw))
        settle(raw, lookback, settled)
        own[:] = settled[present]


def _fill_slower(features: Places, multiple: int, panel: Panel, blocks: Sequence[FloatArray]) -> None:
    """Each row has the value of the slower candle that had closed last; none before the first."""
    slow, places = slower_panel(panel, multiple), [place for place, _ in features]
    own = [np.empty((len(features), int(present.sum()))) for present in slow.present.T]
    fill([replace(feature, multiple=1) for _, feature in features], slow, own)
    closed = last_closed(panel, slow)
    for column, block in enumerate(blocks):
        # One column more, at the end, for what was before the first slower candle: -1 points to it.
        values = np.full((len(features), len(slow) + 1), np.nan)
        values[:, np.flatnonzero(slow.present[:, column])] = own[column]
        block[places] = values[:, closed[panel.present[:, column]]]
