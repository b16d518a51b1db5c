"""Whether a series of candles can be a market at all."""

from dataclasses import dataclass

import numpy as np

from algotrade.data.quality.faults import Fault, FaultArray
from algotrade.domain.candles import FloatArray

MAX_BAD_SHARE = 0.05
"""Share of rows in quarantine above which the rest of a series is not to be trusted either."""
MAX_PRICE_SPAN = 1e10
"""Highest price over lowest price. BTC's whole history spans 2e8, LUNA's collapse of 2022 three million."""
MAX_DRIFT_T = 10.0
"""t-statistic of the mean log return of a series that moved a thousandfold; the best assets stay below 5."""
_CLOCKWORK_SPAN = 1e3
# In a crash a handful of candles may all point one way.
_CLOCKWORK_CANDLES = 100
_FEW_BAD_ROWS = 10


@dataclass(frozen=True)
class SeriesEvidence:
    """What one series shows once its bad rows are set aside.

    Attributes
    ----------
    faults : ndarray of int8, shape (n,)
        Fault of every raw row.
    high, low, close : ndarray of shape (m,)
        Prices of the rows without fault, oldest first.
    """

    faults: FaultArray
    high: FloatArray
    low: FloatArray
    close: FloatArray


def implausible(evidence: SeriesEvidence, max_bad_share: float = MAX_BAD_SHARE) -> str | None:
    """Say with figures why the series cannot be a market, or None when it can.

    Three tests, each passed by every market known: few rows break the contract; the price stays within
    ``MAX_PRICE_SPAN``; it does not climb or fall like clockwork (a large move whose steps all point one way,
    measured by the t-statistic of the mean log return).
    """
    return (
        _too_many_bad_rows(evidence.faults, max_bad_share)
        or _span_beyond_markets(evidence.high, evidence.low)
        or _clockwork(evidence.close)
    )


def _too_many_bad_rows(faults: FaultArray, max_bad_share: float) -> str | None:
    faults = faults[faults != Fault.COPY]
    bad = faults[faults != Fault.NONE]
    tolerated = max(max_bad_share * len(faults), _FEW_BAD_ROWS)
    if len(bad) < len(faults) and len(bad) <= tolerated:
        return None
    codes, counts = np.unique(bad, return_counts=True)
    listed = "; ".join(f"{counts[i]:,} rows: {Fault(int(codes[i])).reason}" for i in np.argsort(-counts, kind="stable"))
    return (
        f"{len(bad):,} of {len(faults):,} rows ({len(bad) / len(faults):.0%}) break the candle contract, "
        f"accepted are {max_bad_share:.0%} ({listed})"
    )


def _span_beyond_markets(high: FloatArray, low: FloatArray) -> str | None:
    highest, lowest = float(high.max()), float(low.min())
    if highest / lowest <= MAX_PRICE_SPAN:
        return None
    return (
        f"its price runs from {lowest:.4g} to {highest:.4g}, a factor of {highest / lowest:.1e}, where no market "
        f"spans more than {MAX_PRICE_SPAN:.0e}"
    )


def _clockwork(close: FloatArray) -> str | None:
    span = float(close.max() / close.min())
    if span < _CLOCKWORK_SPAN or len(close) < _CLOCKWORK_CANDLES:
        return None
    steps = np.diff(np.log(close))
    scatter = float(steps.std())
    t_statistic = abs(float(steps.mean())) * np.sqrt(len(steps)) / scatter if scatter > 0 else np.inf
    if t_statistic <= MAX_DRIFT_T:
        return None
    return (
        f"its price moves by a factor of {span:.1e} like clockwork: {steps.mean():+.2%} a candle with a t-statistic of "
        f"{t_statistic:.3g}, where markets stay below {MAX_DRIFT_T:.0f}"
    )
