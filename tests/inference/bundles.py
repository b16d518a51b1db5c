"""Small real bundles on a shelf of models, promoted as the pipelines do it."""

from pathlib import Path

import numpy as np

from algotrade.models import LabelledSamples, Samples, Targets, build_model, write_bundle
from algotrade.models.signature import SigningKey
from algotrade.tracking import ChampionFolder, DecisionHistory, Record

from .fakes import NAMES

SYMBOLS = ("BTC/USDT", "ETH/USDT")


def train(folder: Path, version: str, seed: int = 0, signing_key: SigningKey | None = None) -> Path:
    """A logistic model that another seed makes another one."""
    random = np.random.default_rng(seed)
    features = random.normal(size=(300, len(NAMES)))
    returns = 0.01 * (features[:, 0] + random.normal(size=300))
    samples = LabelledSamples(Samples(features, np.arange(300)), Targets.of_returns(returns))
    provenance = {
        "feature_names": NAMES,
        "feature_fingerprint": "fingerprint-a",
        "lookback": 1,
        "horizon": 4,
        "exchange": "binance",
        "timeframe": "1h",
        "symbols": SYMBOLS,
        "training_start": "2024-01-01T00:00:00Z",
        "training_end": "2024-02-01T00:00:00Z",
        "data_digest": "none",
    }
    write_bundle(folder, build_model("logistic").fit(samples), provenance, version, signing_key=signing_key)
    return folder


def promote(models: Path, version: str, seed: int, signing_key: SigningKey | None = None) -> None:
    """Make a new version the champion, with its line in the book."""
    folder = ChampionFolder(models)
    before = folder.manifest()
    if not folder.folder_of(version).is_dir():
        train(folder.folder_of(version), version, seed, signing_key)
    folder.crown(version)
    record = Record("2024-01-01T00:00:00+00:00", "promote", "test", "", before and before.version, version)
    DecisionHistory(models / "decisions.jsonl").append(record)
