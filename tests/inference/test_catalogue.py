"""What clients hear of the models is what lies on the shelf, each version once."""

from pathlib import Path

import numpy as np
import pytest

from algotrade.inference.catalogue import Catalogue
from algotrade.inference.models import ServedModels, Shelf
from algotrade.inference.predictor import Predictor
from algotrade.inference.problems import UnknownModel
from algotrade.inference.schemas import ModelDescription
from algotrade.models import LabelledSamples, ModelBundle, Samples, Targets, build_model, write_bundle
from algotrade.monitoring.metrics import ServiceMetrics

from .fakes import NAMES, FakeFeatures


def train(folder: Path, version: str) -> None:
    random = np.random.default_rng(0)
    features = random.normal(size=(80, len(NAMES)))
    samples = LabelledSamples(Samples(features, np.arange(80)), Targets.of_returns(random.normal(size=80)))
    provenance = {
        "feature_names": NAMES,
        "feature_fingerprint": "f",
        "lookback": 1,
        "horizon": 4,
        "exchange": "binance",
        "timeframe": "1h",
        "symbols": ("BTC/USDT",),
        "training_start": "2024-01-01T00:00:00Z",
        "training_end": "2024-02-01T00:00:00Z",
        "data_digest": "none",
    }
    write_bundle(folder, build_model("logistic").fit(samples), provenance, version=version)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    for version in ("2", "1"):
        train(tmp_path / "champions" / version, version)
    train(tmp_path / "candidates" / "logistic", "3")
    train(tmp_path / "candidates" / "same", "2")
    (tmp_path / "champion").symlink_to("champions/2")
    (tmp_path / "cards").mkdir()
    (tmp_path / "cards" / "logistic-3.md").write_text("# logistic 3\n")
    return Shelf(tmp_path / "champion")


@pytest.fixture
def catalogue(shelf: Shelf) -> Catalogue:
    metrics = ServiceMetrics()

    def opened(bundle: ModelBundle) -> Predictor:
        return Predictor(bundle, ModelDescription.of(bundle.manifest), FakeFeatures(), metrics)

    return Catalogue(shelf, ServedModels(shelf, opened, metrics).all)


def test_each_version_once_the_champion_first(catalogue: Catalogue) -> None:
    listed = [(each.version, each.role, each.served) for each in catalogue.listed()]
    assert listed == [("2", "champion", True), ("3", "challenger", False), ("1", "former", False)]


def test_a_name_is_that_of_the_first_listed(catalogue: Catalogue) -> None:
    assert catalogue.detail("champion").version == catalogue.detail("logistic").version == "2"
    assert catalogue.detail("1").role == "former"
    with pytest.raises(UnknownModel, match="GET /models"):
        catalogue.detail("4")


def test_the_card_is_the_page_of_the_training(catalogue: Catalogue) -> None:
    assert catalogue.detail("3").card_markdown == "# logistic 3\n"
    assert catalogue.detail("2").card_markdown is None
    assert catalogue.detail("3").settings


def test_what_is_no_whole_bundle_is_left_out_and_what_replaces_it_is_seen(
    catalogue: Catalogue, shelf: Shelf, tmp_path: Path
) -> None:
    manifest = tmp_path / "candidates" / "logistic" / "manifest.json"
    manifest.write_text(manifest.read_text().replace("binance", "bitstamp"))
    assert [each.version for each in catalogue.listed()] == ["2", "1"]
    train(tmp_path / "candidates" / "logistic", "5")
    assert [each.version for each in catalogue.listed()] == ["2", "5", "1"]


def test_a_bundle_that_was_named_is_alone(tmp_path: Path) -> None:
    train(tmp_path / "mine", "9")
    train(tmp_path / "candidates" / "logistic", "3")
    metrics, shelf = ServiceMetrics(), Shelf(tmp_path / "mine")

    def opened(bundle: ModelBundle) -> Predictor:
        return Predictor(bundle, ModelDescription.of(bundle.manifest), FakeFeatures(), metrics)

    alone = Catalogue(shelf, ServedModels(shelf, opened, metrics).all)
    assert [each.version for each in alone.listed()] == ["9"]
    assert alone.detail("champion").card_markdown is None
