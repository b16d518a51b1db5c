"""Metrics of several processes, each of them as a worker would be."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

COUNT = """
import os, sys
from algotrade.monitoring.shared_metrics import join_shared_folder
join_shared_folder()
from algotrade.monitoring.metrics import ServiceMetrics
metrics = ServiceMetrics()
metrics.workers.set(1)
metrics.requests.labels("/predict", "200").inc(10)
metrics.request_seconds.labels("/predict").observe(0.003)
metrics.online_store_up.set(int(sys.argv[1]))
metrics.reigns("lightgbm", sys.argv[2], "f")
print("counted", flush=True)
if sys.argv[3] == "wait":
    sys.stdin.readline()
print(metrics.render().decode())
"""


def environment(folder: Path, bentoml: Path) -> dict[str, str]:
    return {**os.environ, "ALGOTRADE_METRICS_FOLDER": str(folder), "PROMETHEUS_MULTIPROC_DIR": str(bentoml)}


def worker(folder: Path, bentoml: Path, *arguments: str) -> subprocess.Popen[str]:
    started = subprocess.Popen(
        [sys.executable, "-c", COUNT, *arguments],
        env=environment(folder, bentoml),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert started.stdout is not None
    assert started.stdout.readline() == "counted\n"
    return started


def values(text: str) -> dict[tuple[str, str], float]:
    return {
        (sample.name, sample.labels.get("version", sample.labels.get("status", ""))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if "le" not in sample.labels
    }


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    ours, bentoml = tmp_path / "ours", tmp_path / "bentoml"
    ours.mkdir()
    bentoml.mkdir()
    return ours, bentoml


def test_whichever_worker_is_asked_tells_of_all_of_them(folders: tuple[Path, Path]) -> None:
    alive = worker(*folders, "0", "v1", "wait")
    gone = worker(*folders, "0", "v0", "wait")
    gone.kill()
    gone.wait()
    last = worker(*folders, "1", "v2", "go")
    text, _ = last.communicate(timeout=60)
    alive.communicate("\n", timeout=60)
    found = values(text)
    assert found["algotrade_requests_total", "200"] == 30, "what a killed worker has counted stays counted"
    assert found["algotrade_request_seconds_count", ""] == 3
    assert found["algotrade_workers", ""] == 2, "a killed worker is none any more"
    assert found["algotrade_online_store_up", ""] == 1, "what was seen last"
    assert {version for name, version in found if name == "algotrade_model_info"} == {"v1", "v2"}
    assert list(folders[1].iterdir()) == [], "BentoML's own folder, which two services may share, is not used"


def test_the_folder_is_new_at_each_start_and_gone_at_the_end() -> None:
    code = (
        "import os; from algotrade.monitoring.shared_metrics import open_shared_folder\n"
        "open_shared_folder(); print(os.environ['ALGOTRADE_METRICS_FOLDER'], flush=True)\n"
        "assert os.path.isdir(os.environ['ALGOTRADE_METRICS_FOLDER'])"
    )
    first, second = (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
        for _ in range(2)
    )
    assert first != second
    assert not Path(first).exists()
    assert not Path(second).exists()
