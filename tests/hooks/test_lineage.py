"""Every frame of a run says what it was made of, also when only its file is left."""

import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from kedro.framework.hooks.manager import _create_hook_manager
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline, node
from kedro.runner import SequentialRunner
from kedro_datasets.json import JSONDataset
from kedro_datasets.pandas import ParquetDataset

from algotrade.hooks import LineageHooks, TrackingHooks

SPEC = {"fingerprint": "f00d", "names": ["a"], "parameters": {"names": None, "slower": ["a@4x"]}}
CANDLES = {"data_digest": "beef" * 16}
FEATURES = {"feature_fingerprint": "f00d", "parameters": SPEC["parameters"]}


def snapshot() -> tuple[pd.DataFrame, dict]:
    return pd.DataFrame({"close": np.arange(200.0)}), {
        **CANDLES,
        "source": "test",
        "exchange": "test",
        "timeframe": "1h",
    }


def compute(candles: pd.DataFrame, universe: dict) -> tuple[pd.DataFrame, dict]:
    frame = pd.DataFrame({"a": np.log(candles["close"] + 1)})
    frame.attrs["lineage"] = {"series_digest": "its own"}
    return frame, SPEC


def label(candles: pd.DataFrame, universe: dict) -> pd.DataFrame:
    return pd.DataFrame({"forward_return": candles["close"].to_numpy()})


def join(features: pd.DataFrame, labels: pd.DataFrame) -> list[int]:
    return [len(features), len(labels)]


def predict(data: list[int]) -> pd.DataFrame:
    return pd.DataFrame({"probability": np.zeros(data[0])})


INGESTION = Pipeline([node(snapshot, None, ["candles", "universe"], name="snapshot")])
ENGINEERING = Pipeline([node(compute, ["candles", "universe"], ["features", "feature_spec"], name="compute")])
TRAINING = Pipeline(
    [
        node(label, ["candles", "universe"], "labels", name="label"),
        node(join, ["features", "labels"], "training_data", name="join"),
        node(predict, "training_data", "predictions", name="predict"),
    ]
)


@pytest.fixture
def catalog(tmp_path: Path) -> DataCatalog:
    frames = {
        name: ParquetDataset(filepath=str(tmp_path / f"{name}.parquet"))
        for name in ("candles", "features", "labels", "predictions")
    }
    texts = {name: JSONDataset(filepath=str(tmp_path / f"{name}.json")) for name in ("universe", "feature_spec")}
    return DataCatalog(frames | texts)


def run(pipeline: Pipeline, catalog: DataCatalog, *hooks: object) -> None:
    manager = _create_hook_manager()
    for each in hooks or (LineageHooks(),):
        manager.register(each)
    manager.hook.before_pipeline_run(run_params={}, pipeline=pipeline, catalog=catalog)
    SequentialRunner().run(pipeline, catalog, manager)


def lineage_on_disk(folder: Path, name: str) -> dict:
    """What a reader of the file alone is told."""
    return pd.read_parquet(folder / f"{name}.parquet").attrs.get("lineage", {})


EXPECTED = {
    "candles": CANDLES,
    "labels": CANDLES,
    "features": {**CANDLES, **FEATURES, "series_digest": "its own"},
    "predictions": {**CANDLES, **FEATURES},
}


def test_frames_carry_what_they_were_made_of(catalog: DataCatalog, tmp_path: Path) -> None:
    run(INGESTION + ENGINEERING + TRAINING, catalog)
    assert {name: lineage_on_disk(tmp_path, name) for name in EXPECTED} == EXPECTED


def test_pipelines_that_are_run_alone_go_on_from_the_files(catalog: DataCatalog, tmp_path: Path) -> None:
    for pipeline in (INGESTION, ENGINEERING, TRAINING):
        run(pipeline, catalog)
    assert {name: lineage_on_disk(tmp_path, name) for name in EXPECTED} == EXPECTED


def test_a_run_forgets_the_one_before(catalog: DataCatalog, tmp_path: Path) -> None:
    hooks = LineageHooks()
    run(INGESTION + ENGINEERING + TRAINING, catalog, hooks)
    run(Pipeline([node(lambda: pd.DataFrame({"x": [1.0]}), None, "labels", name="alone")]), catalog, hooks)
    assert lineage_on_disk(tmp_path, "labels") == {}


def test_features_of_other_candles_are_noticed(catalog: DataCatalog, caplog: pytest.LogCaptureFixture) -> None:
    run(INGESTION + ENGINEERING, catalog)
    universe = catalog.load("universe")
    catalog.save("universe", {**universe, "data_digest": "cafe"})
    candles = catalog.load("candles")
    candles.attrs["lineage"] = {"data_digest": "cafe"}
    catalog.save("candles", candles)
    with caplog.at_level(logging.WARNING):
        run(TRAINING, catalog)
    assert "join: features and labels were not made of the same (data_digest beef" in caplog.text


def test_a_frame_made_in_pieces_carries_it_too(tmp_path: Path) -> None:
    def pieces(candles: pd.DataFrame, universe: dict) -> Iterator[pd.DataFrame]:
        yield from (candles.iloc[:100].reset_index(drop=True), candles.iloc[100:].reset_index(drop=True))

    parts = ParquetDataset(filepath=str(tmp_path / "parts.parquet"))
    made = DataCatalog({"parts": parts})
    run(INGESTION + Pipeline([node(pieces, ["candles", "universe"], "parts", name="pieces")]), made)
    assert lineage_on_disk(tmp_path, "parts") == CANDLES


class TestTracking:
    @pytest.fixture
    def tracked(self, tracking):
        with tracking.start_run() as active:
            yield lambda: tracking.get_run(active.info.run_id).inputs.dataset_inputs

    def test_candles_and_features_are_datasets_of_the_run(self, catalog, tracked, tmp_path: Path) -> None:
        run(INGESTION + ENGINEERING + TRAINING, catalog, LineageHooks(), TrackingHooks())
        inputs = {each.dataset.name: each for each in tracked()}
        assert sorted(inputs) == ["candles", "features"]
        candles, features = inputs["candles"].dataset, inputs["features"].dataset
        assert candles.digest == ("beef" * 16)[:36]
        assert len(features.digest) == 36
        assert str(tmp_path / "features.parquet") in features.source
        assert '"num_rows": 200' in features.profile
        assert '"name": "a"' in features.schema
        tags = {tag.key: tag.value for tag in inputs["features"].tags}
        assert tags["feature_fingerprint"] == "f00d"
        assert tags["data_digest"] == "beef" * 16
        assert tags["parameters"] == '{"names": null, "slower": ["a@4x"]}'
        assert tags["mlflow.data.context"] == "training"

    def test_another_feature_set_is_another_dataset(self) -> None:
        from algotrade.hooks.logged_frames import digest_of

        made = {digest_of({**CANDLES, "feature_fingerprint": each}) for each in ("f00d", "cafe")}
        assert len(made) == 2
        assert digest_of({**CANDLES, **FEATURES}) == digest_of({**FEATURES, **CANDLES})

    def test_a_wide_frame_is_logged_with_all_its_rows_counted(self, tracked, tmp_path: Path) -> None:
        from algotrade.hooks.logged_frames import log_frame

        frame = pd.DataFrame(np.zeros((100_000, 30))).rename(columns=str).assign(symbol="BTC/USDT")
        frame.attrs["lineage"] = dict(CANDLES)
        log_frame(frame, "features", str(tmp_path / "features.parquet"))
        assert '"num_rows": 100000' in tracked()[0].dataset.profile

    def test_without_an_open_run_nothing_is_tracked(self, catalog) -> None:
        import mlflow

        assert mlflow.active_run() is None
        run(INGESTION, catalog, LineageHooks(), TrackingHooks())
        assert mlflow.active_run() is None
