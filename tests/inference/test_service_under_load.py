"""The service with two workers while it is asked all the time: promoted under way, shot at, and shut down."""

import json
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator

import httpx
import numpy as np
import psutil
import pytest

from algotrade.data.online_store import FeatureSpec, OnlineStore
from algotrade.inference.models import Shelf
from algotrade.inference.settings import ServingSettings
from algotrade.models import ModelBundle
from tests.serving import Server, free_port, running_service

from .bundles import SYMBOLS, promote
from .fakes import NAMES, vectors

WORKERS = 2
RECOVERY_SECONDS = 120
"""A new worker has to import its libraries; two idle cores need ten seconds for that."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("load")
    settings = ServingSettings(data=folder / "data", port=free_port(), workers=WORKERS, reload_seconds=0.2)
    promote(folder / "data" / "06_models", "one", 1)
    store = OnlineStore(settings.online_store_url)
    spec = FeatureSpec(NAMES, "fingerprint-a")
    store.write("binance", "1h", [vectors(symbol, seed=seed) for seed, symbol in enumerate(SYMBOLS)], spec)
    store.close()
    with running_service(settings, folder) as running:
        wait_for(lambda: len(workers_of(running)) == WORKERS)
        yield running
    store.shutdown()


class Asking:
    """Several clients that ask one symbol each, again and again, and note every outcome.

    A connection that breaks before an answer is no answer: whoever asks does it again, as the client library does.
    """

    def __init__(self, server: Server, clients: int = 4) -> None:
        self._url = f"http://127.0.0.1:{server.settings.port}"
        self._ending = threading.Event()
        self.answers: list[tuple[float, str, str, float]] = []
        self.statuses: Counter[int] = Counter()
        self.broken: list[float] = []
        self._threads = [threading.Thread(target=self._ask, args=(SYMBOLS[each % 2],)) for each in range(clients)]

    def _ask(self, symbol: str) -> None:
        with httpx.Client(base_url=self._url, timeout=60) as client:
            while not self._ending.is_set():
                try:
                    response = client.post("/predict", json={"symbol": symbol})
                except httpx.TransportError:
                    self.broken.append(time.monotonic())
                    time.sleep(0.01)
                    continue
                self.statuses[response.status_code] += 1
                if response.status_code == 200:
                    answer = response.json()
                    (prediction,) = answer["predictions"]
                    given = (time.monotonic(), answer["model"]["version"], symbol, prediction["probability"])
                    self.answers.append(given)

    def __enter__(self) -> "Asking":
        for thread in self._threads:
            thread.start()
        wait_for(lambda: len(self.answers) > 20)
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        for thread in self._threads:
            thread.join()


def workers_of(server: Server) -> list[psutil.Process]:
    """Worker processes that live."""
    return [child for child in server.process.children(recursive=True) if "_bentoml_impl.worker" in _command_of(child)]


def _command_of(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:  # a zombie, too
        return ""


def wait_for(condition, seconds: float = 90) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.02)


def right_answers(server: Server, *versions: str) -> dict[tuple[str, str], float]:
    """What each version says of each symbol, by its bundle."""
    folder = server.settings.bundle_folder.parent / "champions"
    bundles = {version: ModelBundle.load(folder / version) for version in versions}
    return {
        (version, symbol): bundle.predict_one(vectors(symbol, seed=seed).values[-1:])[0]
        for version, bundle in bundles.items()
        for seed, symbol in enumerate(SYMBOLS)
    }


def assert_right(asking: Asking, expected: dict[tuple[str, str], float]) -> None:
    for _, version, symbol, probability in asking.answers:
        assert probability == pytest.approx(expected[version, symbol], abs=1e-12)


def test_a_promotion_drops_no_request_and_every_answer_is_of_the_model_it_names(server: Server) -> None:
    with Asking(server) as asking:
        promote(server.settings.bundle_folder.parent, "two", 2)
        wait_for(lambda: [each[1] for each in asking.answers[-100:]].count("two") == 100)
    assert not asking.broken
    assert set(asking.statuses) == {200}
    assert_right(asking, right_answers(server, "one", "two"))


def test_a_rollback_in_one_worker_reaches_the_others(server: Server) -> None:
    with Asking(server) as asking:
        Shelf(server.settings.bundle_folder).step_back("desk")
        wait_for(lambda: {each[1] for each in asking.answers[-100:]} == {"one"})
    assert set(asking.statuses) == {200}


def test_a_killed_worker_gives_no_wrong_answer_and_is_replaced(server: Server, record_property) -> None:
    victim = workers_of(server)[0]
    with Asking(server) as asking:
        killed = time.monotonic()
        victim.send_signal(signal.SIGKILL)
        answered = len(asking.answers)
        wait_for(lambda: len(asking.answers) > answered + 100)
        wait_for(lambda: fresh_workers(server, victim) == WORKERS, RECOVERY_SECONDS)
        recovered = time.monotonic()
        wait_for(lambda: len(asking.answers) > answered + 400)
    assert set(asking.statuses) == {200}
    assert_right(asking, right_answers(server, "one"))
    # Every connection of the dead worker breaks once; nothing else does.
    assert len(asking.broken) <= 8
    gaps = np.diff([each[0] for each in asking.answers])
    record_property("seconds until replaced", round(recovered - killed, 1))
    record_property("longest seconds without an answer", round(float(gaps.max()), 2))
    # The other worker answers meanwhile.
    assert any(killed < each[0] < recovered for each in asking.answers)


def fresh_workers(server: Server, victim: psutil.Process) -> int:
    """Workers that have said that they are ready, without the one that was killed."""
    there = {each.pid for each in workers_of(server)} - {victim.pid}
    return min(len(there), server.log.read_text().count("initialized") - 1)


def test_shutting_down_answers_what_has_begun(server: Server) -> None:
    body = json.dumps({"symbol": SYMBOLS[0]}).encode()
    begun, outcome = threading.Event(), []

    def slowly() -> Iterator[bytes]:
        yield body[:5]
        begun.set()
        time.sleep(1.0)
        yield body[5:]

    def ask() -> None:
        with httpx.Client(base_url=server.client.base_url, timeout=60) as client:
            headers = {"content-type": "application/json", "content-length": str(len(body))}
            outcome.append(client.post("/predict", content=slowly(), headers=headers))

    thread = threading.Thread(target=ask)
    thread.start()
    assert begun.wait(60)
    server.process.terminate()
    thread.join()
    assert outcome[0].status_code == 200
    assert outcome[0].json()["predictions"][0]["symbol"] == SYMBOLS[0]
    server.process.wait(60)
    assert not psutil.pid_exists(server.process.pid)
