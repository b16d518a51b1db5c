"""All that loads or crowns a bundle asks for the signature once there is a key, and nothing tells the key."""

import logging
from pathlib import Path

import pandas as pd
import pytest
from kedro.io import DatasetError
from tests.models.provenance import PROVENANCE

from algotrade.data.keys import BundleKeys
from algotrade.datasets.bundle import CandidatesDataset, ChampionDataset, ReigningDataset
from algotrade.errors import BundleRejected, ConfigurationError
from algotrade.models import Preparation, SigningKey, build_model, write_bundle
from algotrade.models.signature import SIGNATURE_FILE
from algotrade.tracking import ChampionFolder

KEY, OTHER = SigningKey(bytes(range(32))), SigningKey(bytes(range(1, 33)))


@pytest.fixture
def models(tmp_path: Path, training) -> Path:
    """A folder of models with a kept champion that nobody signed and another that was."""
    for version, key in (("unsigned", None), ("signed", KEY)):
        model = build_model("majority").fit(training)
        write_bundle(tmp_path / "champions" / version, model, PROVENANCE, version, signing_key=key)
    return tmp_path


def test_only_a_signed_champion_is_crowned_and_the_old_one_stays(models):
    folder = ChampionFolder(models, KEY.verify_key)
    folder.crown("signed")
    with pytest.raises(BundleRejected, match="is not signed"):
        folder.crown("unsigned")
    assert folder.link.resolve().name == "signed"
    ChampionFolder(models).crown("unsigned")
    assert folder.link.resolve().name == "unsigned", "without a key nobody asks"


@pytest.mark.parametrize("dataset", [ChampionDataset, ReigningDataset])
def test_the_catalog_refuses_an_unsigned_champion(models, dataset, monkeypatch):
    ChampionFolder(models).crown("unsigned")
    assert dataset(str(models)).load() is not None
    monkeypatch.setenv("ALGOTRADE_VERIFY_KEY", KEY.verify_key.text)
    with pytest.raises(DatasetError) as caught:
        dataset(str(models)).load()
    assert isinstance(caught.value.__cause__, BundleRejected)
    ChampionFolder(models).crown("signed")
    assert dataset(str(models)).load() is not None


def test_candidates_are_signed_with_the_key_of_the_environment_or_of_the_credentials(
    tmp_path, training, monkeypatch, caplog
):
    made = {
        "model": build_model("majority").fit(training),
        "preparation": Preparation.nothing(PROVENANCE["feature_names"]),
        "provenance": PROVENANCE,
        "evidence": pd.DataFrame({"fold": [0]}),
    }
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("ALGOTRADE_SIGNING_KEY", KEY.text)
    CandidatesDataset(str(tmp_path / "environment")).save({"majority": made})
    CandidatesDataset(str(tmp_path / "local"), {"signing_key": OTHER.text}).save({"majority": made})

    trusted = {"verify_key": KEY.verify_key.text}
    assert CandidatesDataset(str(tmp_path / "environment"), trusted).load()
    with pytest.raises(DatasetError, match=OTHER.verify_key.fingerprint):
        CandidatesDataset(str(tmp_path / "local"), trusted).load()
    shown = caplog.text + str(CandidatesDataset(str(tmp_path), {"signing_key": OTHER.text}))
    files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    for key in (KEY, OTHER):
        assert key.text not in shown
        assert not any(key.text.encode() in content or key.raw in content for content in files)
    assert (tmp_path / "environment" / "majority" / SIGNATURE_FILE).is_file()


def test_serving_refuses_to_start_with_an_unsigned_champion(models, monkeypatch):
    from algotrade.inference.service import SignalService
    from algotrade.inference.settings import ServingSettings
    from algotrade.inference.worker import shelf_of

    (models / "data").mkdir()
    monkeypatch.setenv("ALGOTRADE_BUNDLE", str(models / "champions" / "unsigned"))
    monkeypatch.setenv("ALGOTRADE_DATA", str(models / "data"))
    settings = ServingSettings()
    assert shelf_of(settings).load(settings.bundle_folder)
    monkeypatch.setenv("ALGOTRADE_VERIFY_KEY", KEY.verify_key.text)
    with pytest.raises(SystemExit, match=r"Nothing to serve: .* is not signed"):
        SignalService.inner.refuse_to_start()
    assert shelf_of(settings).load(models / "champions" / "signed")


def test_keys_of_a_section_win_and_empty_ones_do_not_count(monkeypatch):
    monkeypatch.setenv("ALGOTRADE_SIGNING_KEY", KEY.text)
    monkeypatch.setenv("ALGOTRADE_VERIFY_KEY", "")
    assert BundleKeys.of(None).signing == KEY
    assert BundleKeys.of({"signing_key": OTHER.text, "verify_key": None}).signing == OTHER
    assert BundleKeys.of({}).verifying is None
    assert KEY.text not in repr(BundleKeys.of(None))
    with pytest.raises(ConfigurationError, match="ALGOTRADE_VERIFY_KEY"):
        BundleKeys.of({"verify_key": "hunter2"}).verifying  # noqa: B018 - reading it checks it
