"""What one writes in an hour: FastAPI and uvicorn around the same model, without keys, limits, log, metrics or cache.

    ALGOTRADE_DATA=FOLDER uvicorn plain_app:app --app-dir benchmarks/peers --no-access-log

The features are read from the online store once, at the start, so that only the web framework and the model are
measured; with ``PLAIN_APP_FEATURES=now`` they are read for each request, as an app has to whose answers follow the
market. That read blocks the event loop: at a sixth of a millisecond this is cheaper than any way around it.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, Field

from algotrade.data.online_store import OnlineStore
from algotrade.inference.settings import ServingSettings
from algotrade.models.bundle import ModelBundle

settings = ServingSettings()
bundle = ModelBundle.load(Path(settings.bundle_folder))
manifest = bundle.manifest
store = OnlineStore(settings.online_store_url)
app = FastAPI()


def read(symbols: Sequence[str]) -> dict[str, np.ndarray]:
    """The features of symbols as they are now."""
    online = store.read(manifest.exchange, manifest.timeframe, symbols, rows=manifest.history)
    return {symbol: vectors.values for symbol, vectors in online.items()}


follow_the_market = os.environ.get("PLAIN_APP_FEATURES") == "now"
windows = read(manifest.symbols)


class Question(BaseModel):
    """Of a symbol, or of features."""

    symbol: str | None = None
    features: list[list[Annotated[float, Field(allow_inf_nan=False)]]] | None = None


class Answer(BaseModel):
    """What the model says."""

    symbol: str | None
    probability: float
    expected_return: float
    signal: Literal["long", "flat"]
    low: float
    high: float
    version: str


@app.post("/predict")
async def predict(question: Question) -> Answer:
    """Predict for one symbol, or from features."""
    if question.features is not None:
        window = np.array(question.features)
        if window.shape != (manifest.history, len(manifest.feature_names)):
            raise HTTPException(422, "the features have another shape")
    elif question.symbol in windows:
        window = (read([question.symbol]) if follow_the_market else windows)[question.symbol]
    else:
        raise HTTPException(404, "unknown symbol")
    probability, expected_return = bundle.predict_one(window)
    low, high = bundle.interval(expected_return, window)
    return Answer(
        symbol=question.symbol,
        probability=probability,
        expected_return=expected_return,
        signal="long" if probability > settings.long_above else "flat",
        low=low,
        high=high,
        version=manifest.version,
    )
