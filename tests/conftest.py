"""What every test shares: no network, the same examples in each run, the real candles when they are there."""

import functools
import os
import re
import sys
from pathlib import Path
from typing import Any

import hypothesis
import pytest

pytest_plugins = ("tests.kedro_runs",)

ROOT = Path(__file__).parents[1]
NETWORK_GUARD = ROOT / "tests" / "network_guard"
TAKES_FINISHED_RUN = re.compile(r"def \w+\([^)]*\bfinished\b")

os.environ.setdefault("DO_NOT_TRACK", "true")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("BENTOML_DO_NOT_TRACK", "True")
os.environ.setdefault("NUMBA_CACHE_DIR", str(ROOT / ".numba_cache"))
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

# `make test` draws the same examples each time, `make test-all` new ones.
hypothesis.settings.register_profile("reproducible", derandomize=True, database=None)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "reproducible"))

sys.path.insert(0, str(NETWORK_GUARD))
if "sitecustomize" in sys.modules:
    del sys.modules["sitecustomize"]
import sitecustomize  # noqa: E402, F401 - its import installs the guard in this process


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Deal out whole files, and all that look at the finished run to one process: the run takes minutes to make."""
    from xdist.scheduler import LoadFileScheduling

    class OneFinishedRun(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = super()._split_scope(nodeid)
            return "finished" if TAKES_FINISHED_RUN.search(_source(ROOT / file)) else file

    return OneFinishedRun(config, log)


@functools.cache
def _source(path: Path) -> str:
    return path.read_text()


@pytest.fixture(scope="session", autouse=True)
def network_attempts(tmp_path_factory: pytest.TempPathFactory):
    """Fail the session if anything tried to leave the machine, here or in a child process."""
    log = tmp_path_factory.mktemp("network") / "attempts.txt"
    os.environ["ALGOTRADE_NETWORK_ATTEMPTS"] = str(log)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(NETWORK_GUARD), os.environ.get("PYTHONPATH"))))
    yield log
    attempts = log.read_text() if log.exists() else ""
    assert not attempts, f"something tried to reach the network:\n{attempts}"


@pytest.fixture(scope="session")
def market_data() -> Path:
    """Folder of real candles beside the checkout; tests that need it skip where it is absent."""
    folder = ROOT.parent / "shared" / "market-data"
    if not folder.is_dir():
        pytest.skip("the real candles are not here (../shared/market-data)")
    return folder
