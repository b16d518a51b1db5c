"""What a model is not to be trusted with, as far as its manifest and scores tell."""

from collections.abc import Iterator, Mapping
from typing import Any

from algotrade.models.manifest import Manifest
from algotrade.reporting import formats

_SIMULATED = "simulated"


def known_limits(
    manifest: Manifest, scores: Mapping[str, Mapping[str, Any]], universe: Mapping[str, Any]
) -> tuple[str, ...]:
    """Limits in sentences, those that weigh most first.

    Parameters
    ----------
    manifest : Manifest
    scores : mapping
        Out of fold, by model.
    universe : mapping
        What the run was about.
    """
    return (
        *_of_data(manifest, universe),
        *_of_scores(manifest, scores.get(manifest.model, {})),
        f"It knows {', '.join(manifest.symbols)} on {manifest.exchange} only. What it says of another symbol, exchange "
        f"or timeframe than {manifest.timeframe} was never tested.",
        f"It forecasts {manifest.horizon} candles ahead and nothing else.",
        "Fees, slippage and funding are not in the label: a forecast that is right may still lose money. The backtest "
        "accounts for them.",
        _age(manifest),
    )


def _of_data(manifest: Manifest, universe: Mapping[str, Any]) -> Iterator[str]:
    source = universe.get("source")
    if source == _SIMULATED:
        yield (
            "**The candles are simulated.** The signal was planted, and what the model finds says nothing of any real "
            "market. Do not trade on it."
        )
    elif source is None:
        yield "Where the candles came from is not known here."
    else:
        span = f"{formats.day(manifest.training_start)} to {formats.day(manifest.training_end)}"
        yield f"It has seen the markets of {span}. A regime that did not occur then is new to it."


def _of_scores(manifest: Manifest, own: Mapping[str, Any]) -> Iterator[str]:
    interval = (own.get("intervals") or {}).get("auc") or {}
    low = formats.finite(interval.get("low"))
    if low is not None and low <= 0.5:
        yield f"Its ranking may be luck: the interval of its AUC begins at {low:.4f}, and a coin has 0.5."
    aucs = [value for fold in manifest.fold_scores if (value := formats.finite(fold.get("auc"))) is not None]
    if aucs and min(aucs) < 0.5:
        count = sum(value < 0.5 for value in aucs)
        yield f"In {count} of {len(aucs)} folds it ranked worse than a coin: it does not hold in every season."
    for name, reason in sorted((own.get("reasons") or {}).items()):
        yield f"{formats.label(name)} has no value or no interval: {reason}."
    if not own:
        yield "How good it was out of fold is not known here."


def _age(manifest: Manifest) -> str:
    return (
        f"It knows nothing after {formats.minute(manifest.training_end)} and grows older with every candle. `kedro run "
        "--pipeline retraining` tells when it is too old, when features have drifted and when its forecasts got worse."
    )
