"""Strategies probed for decisions that depend on what was not yet known."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from algotrade.audit.comparison import Difference, difference, differs, look_ahead, scale_of
from algotrade.audit.findings import Finding
from algotrade.audit.perturbation import blocks_of, changed_after, ragged, widened, with_blocks
from algotrade.audit.probes import Probe, ProbeSettings, probed_rows, probes_of
from algotrade.domain.candles import FloatArray, Panel
from algotrade.strategies import MarketView, Strategy

TOLERANCE = 1e-9
_CLOSER = 12


def random_view(panel: Panel, seed: int, horizon: int = 8) -> MarketView:
    """View of a panel with made-up predictions, drawn so that strategies which trade predictions do trade.

    A probe of a strategy asks what its decisions depend on, not whether they pay.
    """
    generator = np.random.default_rng([seed, 7])
    shape, rows = panel.close.shape, np.arange(len(panel))[:, None]
    unknown = (rows < min(10, len(panel) // 10)) | ~panel.present | (generator.random(shape) < 0.03)
    expected = np.where(unknown, np.nan, generator.normal(0.0, 0.004, shape))
    return MarketView(
        panel, probability=np.clip(0.5 + 20.0 * expected, 0.0, 1.0), expected_return=expected, horizon=horizon
    )


def probe_strategy(strategy: Strategy, view: MarketView, settings: ProbeSettings | None = None) -> list[Finding]:
    """What there is to say against a strategy: look-ahead, memory, determinism, writing into its view.

    Parameters
    ----------
    strategy : Strategy
    view : MarketView
        Candles, and the predictions if the strategy trades them. Candles without a gap get some.
    settings : ProbeSettings, optional

    Returns
    -------
    list of Finding
        Empty if there is nothing to say.
    """
    chosen = settings or ProbeSettings()
    view = _on(view, ragged(view.panel, min(strategy.lookback, len(view.panel) // 2), chosen.seed))
    own = _copied(view)
    weights = strategy.target_weights(own)
    findings = _written(strategy, own, view)
    if findings:
        return findings
    again = difference("repetition", weights, strategy.target_weights(view), _present(view), scale_of(weights))
    if again is not None:
        detail = "decides otherwise when it is asked again"
        return [_finding(strategy, "determinism", again, detail)]
    if len(np.unique(weights, axis=0)) < 2:
        detail = f"never changed a position in these {len(view)} candles, so nothing was shown"
        return [Finding("strategy", strategy.name, "silent", detail=detail)]
    return [*_look_ahead(strategy, view, weights, chosen), *_memory(strategy, view, weights, chosen)]


def _look_ahead(strategy: Strategy, view: MarketView, weights: FloatArray, settings: ProbeSettings) -> list[Finding]:
    rows = probed_rows(view.panel, settings, max(view.warmup, min(strategy.lookback, len(view.panel) // 2)))
    found: list[Difference] = []
    wide: FloatArray | None = None
    for number, probe in enumerate(probes_of(view.panel, settings, rows)):
        before = weights
        if probe.widened:
            wide = strategy.target_weights(_on(view, widened(view.panel))) if wide is None else wide
            before = wide
        found += _changed(strategy, view, before, probe, (settings.seed, number))
    if found:
        last, middle = len(view.panel) - 2, (rows[0] + len(view.panel)) // 2
        for row in sorted({*range(middle, min(middle + _CLOSER, last)), last}):
            panel = changed_after(view.panel, row, (settings.seed, 8))
            closer = Probe("prices", row, panel, tuple(range(len(view.panel.symbols))))
            found += _changed(strategy, view, weights, closer, (settings.seed, row))
    return [look_ahead("strategy", strategy.name, found, len(view), at_least=True)] if found else []


def _changed(
    strategy: Strategy, view: MarketView, before: FloatArray, probe: Probe, seed: tuple[int, int]
) -> list[Difference]:
    """What a probe changed of the decisions up to its row; predictions change with the candles."""
    if probe.row < view.warmup:
        return []
    symbols = len(view.panel.symbols)
    after = strategy.target_weights(_foretold(_on(view, probe.panel), probe, seed, kept=len(probe.columns) < symbols))
    stop = probe.row + 1 - view.warmup
    old, new = before[:stop, :symbols], after[:stop, :symbols]
    found = difference(probe.name, old, new, _present(view)[:stop], scale_of(before))
    return [] if found is None else [found]


def _on(view: MarketView, panel: Panel) -> MarketView:
    """The view on another panel, which may be shorter or have more symbols; no prediction where it has no candle."""

    def carried(block: FloatArray | None) -> FloatArray | None:
        if block is None:
            return None
        values = np.full(panel.close.shape, np.nan)
        values[:, : block.shape[1]] = block[: len(panel)]
        values[~panel.present] = np.nan
        return values

    return replace(
        view, panel=panel, probability=carried(view.probability), expected_return=carried(view.expected_return)
    )


def _foretold(view: MarketView, probe: Probe, seed: tuple[int, int], *, kept: bool) -> MarketView:
    """The view with other predictions after the row of the probe, but for the symbols that are kept."""
    generator = np.random.default_rng([*seed, 9])
    columns = [column for column in range(len(view.panel.symbols)) if not (kept and column in probe.columns)]

    def other(block: FloatArray | None, drawn: FloatArray) -> FloatArray | None:
        if block is None:
            return None
        values = block.copy()
        values[probe.row + 1 :, columns] = drawn[probe.row + 1 :, columns]
        values[~view.panel.present] = np.nan
        return values

    shape = view.panel.close.shape
    return replace(
        view,
        probability=other(view.probability, generator.uniform(0.0, 1.0, shape)),
        expected_return=other(view.expected_return, generator.normal(0.0, 0.01, shape)),
    )


def _memory(strategy: Strategy, view: MarketView, weights: FloatArray, settings: ProbeSettings) -> list[Finding]:
    """Whether the lookback and the last weights are all that a decision needs."""
    generator = np.random.default_rng([settings.seed, 10])
    apart: list[Difference] = []
    books = strategy.book_weights(view)
    for row in sorted(generator.integers(1, len(view), settings.moments).tolist()):
        resumed = strategy.combined(strategy.book_weights(view.since(row, strategy.lookback), books[row - 1]))
        distance = np.abs(resumed - weights[row:])
        if distance.max() > TOLERANCE:
            changed = distance > TOLERANCE
            size = float(distance.max()) / scale_of(weights)
            apart.append(Difference("resumption", size, int(changed.sum()), changed.size, 0))
    if not apart:
        return []
    worst = max(apart, key=lambda each: each.rows / each.of)
    detail = f"resumed with its last weights and the {strategy.lookback} rows of its lookback it decides otherwise"
    return [_finding(strategy, "memory", worst, detail)]


def _written(strategy: Strategy, used: MarketView, original: MarketView) -> list[Finding]:
    """What the strategy wrote into the view that it was given."""
    blocks: list[tuple[str, Callable[[MarketView], FloatArray | None]]] = [
        *((name, lambda view, name=name: getattr(view.panel, name)) for name in blocks_of(original.panel)),
        ("probability", lambda view: view.probability),
        ("expected_return", lambda view: view.expected_return),
    ]
    changed = [
        name
        for name, of in blocks
        if (before := of(original)) is not None and (after := of(used)) is not None and differs(before, after).any()
    ]
    if not changed:
        return []
    detail = f"writes into the {', '.join(changed)} of its view; it was probed for nothing else"
    return [Finding("strategy", strategy.name, "input", probes=("repetition",), detail=detail)]


def _copied(view: MarketView) -> MarketView:
    panel = with_blocks(view.panel, blocks_of(view.panel))
    probability = None if view.probability is None else view.probability.copy()
    expected = None if view.expected_return is None else view.expected_return.copy()
    return replace(view, panel=panel, probability=probability, expected_return=expected)


def _present(view: MarketView) -> np.ndarray:
    return view.panel.present[view.warmup :]


def _finding(strategy: Strategy, law: str, found: Difference, detail: str) -> Finding:
    share = found.rows / max(found.of, 1)
    return Finding("strategy", strategy.name, law, (found.probe,), found.change, found.rows, share, found.reach, detail)
