"""Trades inside a candle: made up, yet adding up to exactly that candle."""

from itertools import accumulate, pairwise
from random import Random
from typing import NamedTuple

from algotrade.simulation.venue.listing import UNIT, Listing

_PATH_SHARE = 0.6
_FEWEST_LOTS = 64


class WholeCandle(NamedTuple):
    """A candle in whole units of 1e-8; ``trades`` counts."""

    open: int
    high: int
    low: int
    close: int
    volume: int
    quote_volume: int
    trades: int
    taker_buy_volume: int


class Trade(NamedTuple):
    """One aggregated trade: everything that one taker bought or sold at one price.

    ``price`` and ``quantity`` are in units of 1e-8; ``offset_ms`` counts from the candle's open,
    ``trades`` is how many it stands for.
    """

    offset_ms: int
    price: int
    quantity: int
    buyer_is_maker: bool
    trades: int


class _Part(NamedTuple):
    """Quantity at a price, in lots and in ticks above the candle's low."""

    ticks: int
    lots: int


def synthesise(candle: WholeCandle, listing: Listing, length_ms: int, most: int, seed: str) -> list[Trade]:
    """Trades of a candle, in order of time, the same for the same arguments.

    Their first, highest, lowest and last price are the candle's; quantities, quantities times prices, the
    quantities bought by takers and the trades add up to its sums, exactly. (A candle that no trades can have,
    such as one whose average price lies outside its range, is met as closely as possible; one with fewer trades
    than its shape needs gets those.)

    Parameters
    ----------
    candle : WholeCandle
    listing : Listing
        Prices lie on its tick and quantities on its lot where the candle's sums do.
    length_ms : int
        Length of the candle.
    most : int
        How many aggregated trades there are at most; exactly so many where the candle has as many trades.
    seed : str
    """
    if candle.volume <= 0:
        return []
    random = Random(seed)  # noqa: S311 - a made-up market, no secret
    tick, lot = _grid(candle, listing)
    wanted = min(candle.trades, most, candle.volume)
    parts = _parts(candle, (tick, lot), wanted, random)
    sided = _split_to(_with_sides(parts, candle.taker_buy_volume // lot), wanted)
    offsets = [0, *sorted(random.randrange(length_ms) for _ in sided[1:])]
    counts = _shared_out(max(candle.trades, len(sided)), [part.lots for part, _ in sided])
    return [
        Trade(offset, candle.low + part.ticks * tick, part.lots * lot, not bought, count)
        for offset, (part, bought), count in zip(offsets, sided, counts, strict=True)
    ]


def _grid(candle: WholeCandle, listing: Listing) -> tuple[int, int]:
    """Tick and lot, made finer until the candle's sums can be met on them."""
    prices, quantities = candle[:4], (candle.volume, candle.taker_buy_volume)
    for tick, lot in ((listing.tick, listing.lot), (1, listing.lot), (listing.tick, 1)):
        fits = not any(price % tick for price in prices) and not any(quantity % lot for quantity in quantities)
        if fits and candle.quote_volume * UNIT % (tick * lot) == 0 and candle.volume >= _FEWEST_LOTS * lot:
            return tick, lot
    return 1, 1


def _parts(candle: WholeCandle, grid: tuple[int, int], wanted: int, random: Random) -> list[_Part]:
    """A path through the candle's four prices, and what balances volume and quote volume."""
    tick, lot = grid
    lots = candle.volume // lot
    # What the lots cost above the low, in ticks times lots.
    cost = candle.quote_volume * UNIT // (tick * lot) - candle.low // tick * lots
    height = (candle.high - candle.low) // tick
    middle = [candle.low, candle.high] if candle.close >= candle.open else [candle.high, candle.low]
    corners = [(price - candle.low) // tick for price in (candle.open, *middle, candle.close)]
    corners = corners[:1] + [later for earlier, later in pairwise(corners) if later != earlier]
    path = _wandering(corners, wanted - len(corners) - 3, random)
    shares = [random.expovariate(1.0) for _ in path]
    scale = _PATH_SHARE * lots / sum(shares)
    wide = [_Part(ticks, max(1, int(scale * share))) for ticks, share in zip(path, shares, strict=True)]
    narrow = [_Part(ticks, 1) for ticks in corners]
    for parts in (wide, narrow):
        rest = lots - sum(part.lots for part in parts)
        missing = cost - sum(part.ticks * part.lots for part in parts)
        if rest >= 0 and 0 <= missing <= height * rest:
            return _balanced(parts, rest, missing, height, wanted)
    rest = max(0, rest)
    return _balanced(narrow, rest, min(max(missing, 0), height * rest), height, wanted)


def _wandering(corners: list[int], extra: int, random: Random) -> list[int]:
    """The corners in order, with ``extra`` prices on the way between them."""
    if extra <= 0 or len(corners) == 1:
        return corners
    legs = sorted(random.randrange(len(corners) - 1) for _ in range(extra))
    path = []
    for leg, (start, stop) in enumerate(pairwise(corners)):
        steps = sorted(random.random() for _ in range(legs.count(leg)))
        path += [start, *(start + round((stop - start) * step) for step in steps)]
    return [*path, corners[-1]]


def _balanced(parts: list[_Part], rest: int, missing: int, height: int, wanted: int) -> list[_Part]:
    """The parts and ``rest`` lots more that cost ``missing``, spread over two neighbouring prices."""
    if rest == 0:
        return parts
    level, above = divmod(missing, rest)
    added = [_Part(level, rest - above), *([_Part(level + 1, above)] if above else [])]
    fresh = [part for part in added if all(part.ticks != old.ticks for old in parts)]
    if len(parts) + len(fresh) > wanted and height and missing % height == 0:
        # Few trades: put everything on the high and the low, which are there already.
        top = missing // height
        added = [_Part(height, top), _Part(0, rest - top)]
    result = list(parts)
    for part in (part for part in added if part.lots):
        at = next((k for k, old in enumerate(result) if old.ticks == part.ticks), None)
        if at is None:
            result.insert((len(result) + 1) // 2, part)
        else:
            result[at] = _Part(part.ticks, result[at].lots + part.lots)
    return result


def _with_sides(parts: list[_Part], bought: int) -> list[tuple[_Part, bool]]:
    """Each part with whether takers bought it, rising prices first; one part may be cut in two."""
    rises = [0, *(later.ticks - earlier.ticks for earlier, later in pairwise(parts))]
    left, sides = bought, {}
    for k in sorted(range(len(parts)), key=lambda k: -rises[k]):
        sides[k] = min(left, parts[k].lots)
        left -= sides[k]
    pieces = (
        ((_Part(part.ticks, sides[k]), True), (_Part(part.ticks, part.lots - sides[k]), False))
        for k, part in enumerate(parts)
    )
    return [piece for pair in pieces for piece in pair if piece[0].lots]


def _split_to(parts: list[tuple[_Part, bool]], wanted: int) -> list[tuple[_Part, bool]]:
    """As many parts as wanted, by halving the largest."""
    result = list(parts)
    while len(result) < wanted:
        k = max(range(len(result)), key=lambda k: result[k][0].lots)
        (ticks, lots), bought = result[k]
        result[k : k + 1] = [(_Part(ticks, lots - lots // 2), bought), (_Part(ticks, lots // 2), bought)]
    return result


def _shared_out(total: int, weights: list[int]) -> list[int]:
    """Whole numbers of at least 1 that add up to ``total``, about in proportion to the weights.

    >>> _shared_out(10, [1, 1, 6])
    [1, 2, 7]
    """
    spare, whole = total - len(weights), sum(weights)
    ends = [spare * reached // whole for reached in accumulate(weights)]
    return [1 + later - earlier for earlier, later in pairwise([0, *ends])]
