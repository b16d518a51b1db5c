"""What only the one who trained a model knows, made up."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd

PROVENANCE = {
    "feature_names": ("a", "b", "c", "d", "e"),
    "feature_fingerprint": "f00d",
    "lookback": 300,
    "horizon": 4,
    "exchange": "binance",
    "timeframe": "1h",
    "symbols": ("BTC/USDT",),
    "training_start": datetime(2024, 1, 1, tzinfo=UTC),
    "training_end": datetime(2025, 1, 1, tzinfo=UTC),
    "data_digest": "beef",
    "fold_scores": pd.DataFrame({"fold": [0, 1], "start": pd.to_datetime([0, 1], utc=True), "auc": [0.5, np.nan]})
    .to_dict("records"),
    "git_commit": "c0ffee",
}  # fmt: skip
