"""What a packaged model says of labelled samples, as predictions that can be scored."""

import numpy as np
import pandas as pd

from algotrade.domain.candles import from_milliseconds
from algotrade.errors import FeatureError
from algotrade.models.bundle import ModelBundle
from algotrade.validation.training_data import TrainingData

_SAMPLES_AT_ONCE = 1024


def bundle_forecasts(bundle: ModelBundle, data: TrainingData) -> pd.DataFrame:
    """Forecast of a bundle for each sample, and what came of it: exactly what it would have served.

    Parameters
    ----------
    bundle : ModelBundle
    data : TrainingData
        ``n`` samples on the feature rows that the bundle reads.

    Returns
    -------
    DataFrame
        As out-of-fold predictions, all of them of one fold: ``model``, ``fold``, ``symbol``, ``open_time``,
        ``close_time``, ``probability``, ``expected_return``, ``forward_return``, ``known_at``.

    Raises
    ------
    FeatureError
        If the samples are of other features than the bundle reads.
    """
    manifest = bundle.manifest
    if data.feature_names != manifest.feature_names:
        raise FeatureError(
            f"Model {manifest.model} {manifest.version} reads {len(manifest.feature_names)} features, the samples have "
            f"{len(data.feature_names)}, and they are not the same. Join it with the features it was trained on."
        )
    forecasts = [
        bundle.predict(batch.windows(manifest.history)) for batch in data.labelled.samples.batches(_SAMPLES_AT_ONCE)
    ]
    return pd.DataFrame(
        {
            "model": pd.Series(manifest.model, index=range(len(data)), dtype="str"),
            "fold": 0,
            "symbol": pd.Index(data.symbols, dtype="str").take(data.symbol_codes),
            "open_time": from_milliseconds(data.open_time),
            "close_time": from_milliseconds(data.open_time + data.timeframe.milliseconds),
            "probability": np.concatenate([np.zeros(0), *(forecast.probability for forecast in forecasts)]),
            "expected_return": np.concatenate([np.zeros(0), *(forecast.expected_return for forecast in forecasts)]),
            "forward_return": data.labelled.targets.forward_return,
            "known_at": from_milliseconds(data.known_at),
        }
    )
