"""Other futures, other universes: panels that are the same up to a row and different after it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np

from algotrade.domain.candles import PRICE_COLUMNS, FloatArray, Panel

LISTED = "LISTED-LATER/QUOTE"
"""The symbol that a widened panel has besides those of the panel."""
_AMOUNTS = ("volume", "quote_volume", "trades", "taker_buy_volume")
_WITHOUT_TRADE = 0.05


def blocks_of(panel: Panel) -> dict[str, FloatArray]:
    """Every array of shape ``(n, symbols)`` of a panel by name, as a copy that may be written."""
    return {
        field.name: block.copy(order="K")
        for field in fields(panel)
        if isinstance(block := getattr(panel, field.name), np.ndarray) and block.shape == panel.close.shape
    }


def with_blocks(panel: Panel, blocks: Mapping[str, FloatArray], symbols: Sequence[str] | None = None) -> Panel:
    """The panel with other arrays, and with other symbols if their number changed."""
    changes: dict[str, Any] = {**blocks, "symbols": panel.symbols if symbols is None else tuple(symbols)}
    return replace(panel, **changes)


def changed_after(panel: Panel, row: int, seed: Sequence[int], columns: Sequence[int] | None = None) -> Panel:
    """The same candles up to ``row``; other prices, ranges, volumes and rates after it.

    Each later candle is moved and stretched on its own, so that it stays a candle and nothing that can be computed
    from it stays what it was; some have no trade.

    Parameters
    ----------
    panel : Panel
    row : int
        The last row that stays; -1 changes all.
    seed : sequence of int
    columns : sequence of int, optional
        The symbols whose future changes; all of them by default.
    """
    generator, blocks, close = np.random.default_rng(seed), blocks_of(panel), panel.close[row + 1 :]
    shape = close.shape
    chosen = np.zeros(shape, dtype=np.bool_)
    chosen[:, slice(None) if columns is None else list(columns)] = True
    move = np.exp(np.cumsum(generator.normal(0.0, 0.03, shape), axis=0) + generator.normal(0.0, 0.2, shape))
    stretch = generator.uniform(0.3, 3.0, shape)
    # Each symbol for itself, so that another one is the largest.
    size = np.exp(generator.normal(0.0, 3.0, shape[1]))
    traded = size * generator.uniform(0.1, 10.0, shape) * (generator.random(shape) >= _WITHOUT_TRADE)
    share = generator.uniform(0.3, 3.0, shape)
    for name, block in blocks.items():
        later = block[row + 1 :]
        if name in PRICE_COLUMNS:
            other = move * close * (later / close) ** stretch
        elif name == "taker_buy_volume":
            other = _other_share(later, panel.volume[row + 1 :], share) * panel.volume[row + 1 :] * traded
        elif name in _AMOUNTS:
            other = later * traded
        else:
            other = later * share + generator.normal(0.0, _spread(block), shape)
        later[chosen] = other[chosen]
    return with_blocks(panel, blocks)


def without(panel: Panel, rows: slice | Sequence[int], columns: Sequence[int]) -> Panel:
    """The panel without the candles of some symbols on some rows: a gap, a delisting, a listing."""
    blocks = blocks_of(panel)
    gone = np.zeros(panel.close.shape, dtype=np.bool_)
    for column in columns:
        gone[rows, column] = True
    for block in blocks.values():
        block[gone] = np.nan
    return with_blocks(panel, blocks)


def torn_after(panel: Panel, row: int, seed: Sequence[int]) -> Panel:
    """The same candles up to ``row``; after it candles and whole spans are missing, and the others are new.

    The second half of what comes after the row is whole, and of several symbols one keeps all its candles: the
    history ends when it did.
    """
    generator, symbols = np.random.default_rng([*seed, 1]), len(panel.symbols)
    count = max((len(panel) - row - 1) // 2, 1)
    spared = int(generator.integers(symbols)) if symbols > 1 else -1
    torn = changed_after(panel, row, seed)
    for column in set(range(symbols)) - {spared}:
        gone = generator.random(count) < 0.07
        start = int(generator.integers(0, max(count // 2, 1)))
        gone[start : start + max(count // 20, 1)] = True
        torn = without(torn, [int(later) + row + 1 for later in np.flatnonzero(gone)], [column])
    return torn


def delisted_after(panel: Panel, row: int, columns: Sequence[int]) -> Panel:
    """The panel in which some symbols have no candle after ``row``."""
    return without(panel, slice(row + 1, None), columns)


def widened(panel: Panel) -> Panel:
    """The panel with room for one more symbol, :data:`LISTED`, that has no candle yet."""
    blocks = {
        name: np.asfortranarray(np.column_stack([block, np.full(len(panel), np.nan)]))
        for name, block in blocks_of(panel).items()
    }
    return with_blocks(panel, blocks, (*panel.symbols, LISTED))


def listed_after(panel: Panel, row: int, seed: Sequence[int]) -> Panel:
    """The widened panel whose new symbol has candles after ``row``, each traded far more than those of any other."""
    wide = widened(panel)
    blocks = blocks_of(wide)
    source = int(np.argmax(panel.present[row + 1 :].sum(axis=0)))
    other = changed_after(panel, row, seed)
    for name, block in blocks.items():
        size = 1e4 if name in _AMOUNTS else 1.0
        block[row + 1 :, -1] = size * getattr(other, name)[row + 1 :, source]
    return with_blocks(wide, blocks)


def ragged(panel: Panel, warm_up: int, seed: int) -> Panel:
    """The panel with what real markets have: a gap in one symbol, single candles missing in another, a late listing.

    Where it has gaps and late listings of its own after the warm-up, it stays as it is.
    """
    rows, symbols = len(panel), len(panel.symbols)
    if (~panel.present[warm_up:]).any() or rows <= warm_up + 20:
        return panel
    generator, room = np.random.default_rng([seed, 2]), rows - warm_up
    start = warm_up + int(0.55 * room) + int(generator.integers(room // 10))
    torn = without(panel, slice(start, start + max(room // 50, 2)), [symbols // 2])
    if symbols > 1:
        torn = without(torn, [warm_up + int(share * room) for share in (0.4, 0.7, 0.85)], [0])
    return without(torn, slice(0, warm_up // 2), [symbols - 1]) if symbols > 2 else torn


def complete(panel: Panel, seed: int) -> Panel:
    """The panel with made-up numbers in the optional columns that it has none of, so that every feature has values."""
    generator, blocks, shape = np.random.default_rng([seed, 3]), blocks_of(panel), panel.close.shape
    made_up: dict[str, Callable[[], FloatArray]] = {
        "quote_volume": lambda: panel.volume * panel.close,
        "trades": lambda: np.ceil(panel.volume * generator.uniform(0.5, 2.0, shape)),
        "taker_buy_volume": lambda: panel.volume * generator.uniform(0.2, 0.8, shape),
    }
    for name, block in blocks.items():
        if np.isfinite(block).any() or name in PRICE_COLUMNS:
            continue
        values = made_up.get(name, lambda: generator.normal(1e-4, 1e-4, shape))()
        block[panel.present] = values[panel.present]
    return with_blocks(panel, blocks)


def _other_share(part: FloatArray, whole: FloatArray, power: FloatArray) -> FloatArray:
    share = np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
    changed: FloatArray = np.where(np.isnan(part), np.nan, np.clip(share, 0.0, 1.0)) ** power
    return changed


def _spread(block: FloatArray) -> float:
    known = block[np.isfinite(block)]
    return max(float(known.std()), 1e-6) if len(known) else 1e-6
