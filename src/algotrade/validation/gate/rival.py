"""What the reigning champion said of the candles that the challenger is judged on, out of sample both."""

import pandas as pd

from algotrade.domain.timeframe import Timeframe
from algotrade.models.manifest import Manifest

_CANDLE = ["symbol", "open_time"]


def known_until(manifest: Manifest) -> pd.Timestamp:
    """When the last label is known that the model may have learned from.

    Where its bundle does not say, no label is known later than its horizon after the candle that follows its row.
    """
    if manifest.labels_known_until is not None:
        return pd.Timestamp(manifest.labels_known_until)
    step = Timeframe(manifest.timeframe).milliseconds
    return pd.Timestamp(manifest.training_end) + pd.Timedelta(step * (manifest.horizon + 1), unit="ms")


def rival_forecasts(evidence: pd.DataFrame, later: pd.DataFrame) -> pd.DataFrame:
    """The champion's forecasts: those made out of fold in its own training, and those of its bundle for later candles.

    The candles between, that its final fit learned from and none of its folds forecast, are in neither. Where a
    candle is in both, what was said out of fold counts: it is what the champion was chosen for.

    Parameters
    ----------
    evidence : DataFrame
        Out-of-fold predictions that the champion was packaged with; may be empty.
    later : DataFrame
        Its bundle's predictions for candles from ``known_until`` on; may be empty.
    """
    parts = [part for part in (evidence, later) if len(part)]
    if not parts:
        return later
    return pd.concat(parts, ignore_index=True).drop_duplicates(_CANDLE, keep="first", ignore_index=True)
