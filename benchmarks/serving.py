"""The running service under load, with keys, validation, metrics and audit log on, against a plain FastAPI app.

Both serve the same LightGBM model (300 trees, 54 features) from as many processes on this machine, which also runs the
load generator: on two cores the throughput is what is left beside it, so the CPU time of a request tells more. Requests
come in two kinds: by symbol, where our service asks the model once for each content of the features, which it reads
twenty times a second, and the plain app each time; and with the features in the body, where both have to ask the model
each time; the goals are for those by symbol. The plain app is there twice: once with features that it has read when it
started, the cheapest that an app can be and what the goals are set against, and once with features that it reads for
each request, since those of an hour ago are of no use. ``peers/load_generator.py`` says what the generator can do.

    python benchmarks/serving.py [handler] [throughput] [rate] [memory] [recovery]
"""

import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

for _library in ("OMP", "OPENBLAS", "MKL"):
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")

import httpx
import numpy as np
import psutil
import uvloop
from measure import Benchmark

from algotrade.data.online_store import FeatureSpec, FeatureVectors, OnlineStore
from algotrade.inference.launch import command, environment
from algotrade.inference.security import KeyRing, Role, SecuritySettings, Terms
from algotrade.inference.settings import ServingSettings
from algotrade.models import LabelledSamples, Samples, Targets, build_model, write_bundle
from algotrade.models.calibration import Calibration
from algotrade.models.intervals import ReturnInterval

PEERS = Path(__file__).parent / "peers"
ROWS, FEATURES = 4_000, 54
NAMES = ("log_return_8", *(f"feature_{number}" for number in range(1, FEATURES)))
SYMBOLS = ("BTC/USDT", "ETH/USDT", "SOL/USDT", "XRP/USDT")
HOUR_MS = 3_600_000
WORKERS = 2
CONNECTIONS = (1, 16, 100)
SECONDS, TURNS = 3.0, 3
KILLED_AFTER = 2.0
OFFERED = 1_000.0
FEW, MANY = 20_000, 200_000
HANDLED = 5_000
SERVICE, PLAIN, FOLLOWING = "service", "plain app", "plain app that reads"
GOALS = {"times": 3.0, "many": 3_000.0, "p99": 10.0, "handler": 100.0, "growth": 0.05}

Turns = dict[str, list[dict[str, float]]]
"""What the generator found of each server, turn by turn."""


@dataclass(frozen=True)
class Server:
    """A server under load."""

    name: str
    port: int
    process: psutil.Process
    headers: Mapping[str, str]
    ours: bool

    def requests(self, kind: str) -> list[str]:
        """The requests to send in turn."""
        if kind == "symbol":
            bodies = [json.dumps({"symbol": symbol}) for symbol in SYMBOLS]
        else:
            bodies = [json.dumps({"features": window.tolist()}) for window in windows().values()]
        return [self._request(body) for body in bodies]

    def cpu_seconds(self) -> float:
        """Of all its processes."""
        return sum(sum(each.cpu_times()[:2]) for each in self.family())

    def resident_mb(self) -> float:
        """Of all its processes."""
        return sum(each.memory_info().rss for each in self.family()) / 2**20

    def family(self) -> list[psutil.Process]:
        """Its processes but for Redis."""
        everybody = [self.process, *self.process.children(recursive=True)]
        return [each for each in everybody if "redis" not in each.name()]

    def _request(self, body: str) -> str:
        head = {"host": "127.0.0.1", "content-type": "application/json", "content-length": len(body), **self.headers}
        lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
        return f"POST /predict HTTP/1.1\r\n{lines}\r\n{body}"


def windows() -> dict[str, np.ndarray]:
    random = np.random.default_rng(11)
    return {symbol: random.standard_normal((1, FEATURES)) for symbol in SYMBOLS}


def prepare(data: Path) -> str:
    """A champion, its online features and a key for the load generator, in a data folder."""
    random = np.random.default_rng(7)
    features = random.standard_normal((ROWS, FEATURES))
    returns = 0.01 * (0.2 * features[:, 0] * np.sign(features[:, 1]) + random.standard_normal(ROWS))
    samples = LabelledSamples(Samples(features, np.arange(ROWS), names=NAMES), Targets.of_returns(returns))
    model = build_model("lightgbm", {"max_rounds": 300}).fit(samples)
    provenance = {
        "feature_names": NAMES,
        "feature_fingerprint": "benchmark",
        "lookback": 1,
        "horizon": 4,
        "exchange": "binance",
        "timeframe": "1h",
        "symbols": SYMBOLS,
        "training_start": "2024-01-01T00:00:00Z",
        "training_end": "2024-02-01T00:00:00Z",
        "data_digest": "none",
    }
    settings = ServingSettings(data=data)
    write_bundle(settings.bundle_folder, model, provenance, calibration=Calibration(interval=ReturnInterval(0.9, 0.02)))
    store = OnlineStore(settings.online_store_url)
    newest = int(time.time() * 1000) // HOUR_MS * HOUR_MS - HOUR_MS
    vectors = [FeatureVectors(symbol, np.array([newest]), window) for symbol, window in windows().items()]
    store.write("binance", "1h", vectors, FeatureSpec(NAMES, "benchmark"))
    store.close()
    terms = Terms(Role.TRADER, rate=1e6, burst=1_000_000)
    return KeyRing(SecuritySettings(data=data).access_folder).create("load", terms).cleartext.get_secret_value()


@contextmanager
def running(arguments: list[str], told: Mapping[str, str], data: Path, port: int) -> Iterator[psutil.Process]:
    """A server that answers, until the end of the block."""
    with (data / f"{port}.log").open("w") as log:
        process = subprocess.Popen(arguments, env=told, cwd=data, stdout=log, stderr=log, start_new_session=True)
    try:
        until = time.monotonic() + 180
        while time.monotonic() < until and process.poll() is None and not _answers(port):
            time.sleep(0.2)
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(timeout=60)


@contextmanager
def service(data: Path, key: str) -> Iterator[Server]:
    settings = ServingSettings(data=data, port=free_port(), workers=WORKERS)
    with running(command(settings), environment(settings), data, settings.port) as process:
        wait_for_workers(settings.port, key)
        yield Server(SERVICE, settings.port, process, {"x-api-key": key}, ours=True)


@contextmanager
def plain_app(data: Path, name: str, features: str) -> Iterator[Server]:
    port = free_port()
    uvicorn = [sys.executable, "-m", "uvicorn", "plain_app:app", "--app-dir", str(PEERS), "--no-access-log"]
    told = {**os.environ, "ALGOTRADE_DATA": str(data), "PYTHONPATH": str(PEERS), "PLAIN_APP_FEATURES": features}
    arguments = [*uvicorn, "--port", str(port), "--workers", str(WORKERS), "--log-level", "warning"]
    with running(arguments, told, data, port) as process:
        time.sleep(2)  # uvicorn does not say when its second worker is there
        yield Server(name, port, process, {}, ours=False)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _answers(port: int) -> bool:
    try:
        httpx.get(f"http://127.0.0.1:{port}/livez", timeout=2)
    except httpx.TransportError:
        return False
    return True


def wait_for_workers(port: int, key: str) -> None:
    """Return when as many workers as there should be have answered."""
    until, seen = time.monotonic() + 120, 0
    while time.monotonic() < until and seen < 50:
        answer = httpx.post(
            f"http://127.0.0.1:{port}/predict", json={"symbol": SYMBOLS[0]}, headers={"x-api-key": key}, timeout=20
        )
        seen = seen + 1 if answer.status_code == 200 else 0


def load(server: Server, kind: str = "symbol", **plan: Any) -> dict[str, float]:
    """What the generator found, and the CPU time of the server."""
    expected = '"probability":'
    told = {"host": "127.0.0.1", "port": server.port, "requests": server.requests(kind), "expected": expected, **plan}
    before = server.cpu_seconds()
    answer = subprocess.run(
        [sys.executable, str(PEERS / "load_generator.py"), json.dumps(told)], capture_output=True, text=True, check=True
    )
    found: dict[str, float] = json.loads(answer.stdout)
    found["rate"] = found["answers"] / found["seconds"]
    found["cpu_us"] = (server.cpu_seconds() - before) / found["answers"] * 1e6
    return found


def measure_throughput(bench: Benchmark, servers: list[Server]) -> list[str]:
    """Requests a second of all, in turns; the median turn counts."""
    missed = []
    for kind in ("symbol", "features"):
        # With the features in the body, it is all one to the plain app whether it reads others.
        asked = [server for server in servers if kind == "symbol" or server.name != FOLLOWING]
        for server in asked:
            load(server, kind, connections=16, count=2_000)
        for connections in CONNECTIONS:
            found: Turns = {server.name: [] for server in asked}
            for _ in range(TURNS):
                for server in asked:
                    found[server.name].append(load(server, kind, connections=connections, seconds=SECONDS))
            missed += _report(bench, kind, connections, found)
    return missed


def _report(bench: Benchmark, kind: str, connections: int, found: Turns) -> list[str]:
    title, times = f"{kind}, {connections} connections", {}
    for name, turns in found.items():
        for what, unit in (("rate", "requests/s"), ("cpu_us", "us"), ("p50", "ms"), ("p99", "ms")):
            bench.add(f"{name}, {title}, {what}", _middle(turns)[what], unit)
    rates, errors = _rates(found[SERVICE]), sum(turn["errors"] + turn["wrong"] for turn in found[SERVICE])
    bench.add(f"{SERVICE}, {title}, errors", errors, "requests")
    for name in (peer for peer in found if peer != SERVICE):
        times[name] = float(np.median(rates / _rates(found[name])))
        bench.add(f"{SERVICE}, {title}, throughput within a turn", times[name], f"x {name}")
    if kind != "symbol":
        return []
    missed = []
    if connections == 16 and times[PLAIN] < GOALS["times"]:
        missed.append(f"{title}: {times[PLAIN]:.2f} times the {PLAIN}, not {GOALS['times']:g}")
    rate = float(np.median(rates))
    if connections == 100 and (rate < GOALS["many"] or errors):
        missed.append(f"{title}: {rate:,.0f} requests/s with {errors:g} errors, not {GOALS['many']:,.0f} with none")
    return missed


def _rates(turns: list[dict[str, float]]) -> np.ndarray:
    return np.array([turn["rate"] for turn in turns])


def _middle(turns: list[dict[str, float]]) -> dict[str, float]:
    return {name: float(np.median([turn[name] for turn in turns])) for name in turns[0]}


def measure_rate(bench: Benchmark, servers: list[Server]) -> list[str]:
    """Latencies where a thousand requests a second are offered, whatever becomes of those before."""
    missed = []
    for server in servers:
        found = _middle([load(server, connections=64, seconds=5.0, rate=OFFERED) for _ in range(TURNS)])
        for name in ("p50", "p99", "max"):
            bench.add(f"{server.name}, {OFFERED:,.0f}/s offered, {name}", found[name], "ms")
        bench.add(f"{server.name}, {OFFERED:,.0f}/s offered, answered", found["rate"], "requests/s")
        if server.ours and found["p99"] >= GOALS["p99"]:
            missed.append(f"p99 at {OFFERED:,.0f}/s: {found['p99']:.1f} ms, not below {GOALS['p99']:g} ms")
    return missed


def measure_memory(bench: Benchmark, server: Server) -> list[str]:
    """Resident memory after few and after many requests."""
    sent, sizes = 0, {}
    for total in (FEW, MANY):
        load(server, connections=16, count=total - sent)
        sent, sizes[total] = total, server.resident_mb()
        bench.add(f"service, memory after {total:,} requests", sizes[total], "MB")
    growth = sizes[MANY] / sizes[FEW] - 1
    bench.add("service, growth of memory", growth, "fraction")
    return [] if abs(growth) <= GOALS["growth"] else [f"memory grew by {growth:.1%}, not at most {GOALS['growth']:.0%}"]


def measure_recovery(bench: Benchmark, server: Server, log: Path) -> list[str]:
    """What the clients see where a worker is killed under load, and how long it takes until there is another one."""

    def started() -> int:
        return log.read_text().count("initialized")

    before = started()
    victim = next(each for each in server.family() if "_bentoml_impl.worker" in " ".join(each.cmdline()))
    with ThreadPoolExecutor() as threads:
        asking = threads.submit(load, server, connections=16, seconds=KILLED_AFTER + SECONDS)
        time.sleep(KILLED_AFTER)
        victim.kill()
        killed = time.monotonic()
        found = asking.result()
        while started() == before:
            assert time.monotonic() < killed + 120, "the worker was not replaced"
            time.sleep(0.05)
    bench.add("service, a worker killed, until it is replaced", time.monotonic() - killed, "s")
    bench.add("service, a worker killed, broken connections of 16", found["errors"], "connections")
    bench.add("service, a worker killed, wrong answers", found["wrong"], "answers")
    bench.add("service, a worker killed, longest wait for an answer", found["max"], "ms")
    return ["a wrong answer was given while a worker was replaced"] if found["wrong"] else []


def measure_handler(bench: Benchmark, data: Path, key: str) -> list[str]:
    """CPU time of a request in the service's own code: everything but HTTP, from the guard to the answer."""
    answer = subprocess.run(
        [sys.executable, __file__, "--handler"],
        env=environment(ServingSettings(data=data)),
        input=key,
        capture_output=True,
        text=True,
        check=True,
    )
    missed = []
    for kind, figures in json.loads(answer.stdout.splitlines()[-1]).items():
        bench.add(f"handler, {kind}, CPU of the event loop", figures["loop"], "us")
        bench.add(f"handler, {kind}, CPU with the audit log's thread", figures["process"], "us")
        if figures["loop"] >= GOALS["handler"]:
            missed.append(f"handler, {kind}: {figures['loop']:.0f} us, not below {GOALS['handler']:g}")
    return missed


def handle(key: str) -> None:
    """Ask the service's own code without a network, and print what it took (run as a process of its own)."""
    from algotrade.inference.routes import create_app
    from algotrade.inference.worker import Worker
    from algotrade.monitoring.metrics import ServiceMetrics

    uvloop.install()  # as the server does
    metrics = ServiceMetrics()
    worker = Worker(metrics)
    front = worker.front(create_app(worker.backend, metrics))
    worker.start()
    server = Server("", 0, psutil.Process(), {}, ours=True)
    found = {}
    for kind in ("symbol", "features"):
        bodies = [request.partition("\r\n\r\n")[2].encode() for request in server.requests(kind)]
        found[kind] = asyncio.run(_handled(front, bodies, key.encode()))
    worker.stop()
    print(json.dumps(found))


async def _handled(front: Any, bodies: list[bytes], key: bytes) -> dict[str, float]:
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def ask(count: int) -> None:
        for number in range(count):
            body = bodies[number % len(bodies)]

            async def receive(body: bytes = body) -> dict[str, Any]:
                return {"type": "http.request", "body": body, "more_body": False}

            headers = [(b"host", b"127.0.0.1"), (b"content-type", b"application/json"), (b"x-api-key", key)]
            scope = {
                "type": "http",
                "method": "POST",
                "path": "/predict",
                "headers": headers,
                "client": ("127.0.0.1", 1),
            }
            await front(scope, receive, send)
            if number % CONNECTIONS[1] == 0:
                await asyncio.sleep(0)  # the loop turns, as it does between the requests of so many connections

    await ask(500)
    assert all(message["status"] == 200 for message in sent if "status" in message)
    turns = []
    for _ in range(5):
        sent.clear()
        begun, of_all = time.thread_time(), time.process_time()
        await ask(HANDLED)
        turns.append((time.thread_time() - begun, time.process_time() - of_all))
    loop, process = np.median(turns, axis=0) / HANDLED * 1e6
    return {"loop": float(loop), "process": float(process)}


def main() -> None:
    """Measure and write the figures."""
    chosen = set(sys.argv[1:]) or {"handler", "throughput", "rate", "memory", "recovery"}
    bench, missed = Benchmark("serving"), []
    with tempfile.TemporaryDirectory(prefix="algotrade-serving-") as folder:
        data = Path(folder)
        key = prepare(data)
        if "handler" in chosen:
            missed += measure_handler(bench, data, key)
        if chosen - {"handler"}:
            with (
                service(data, key) as ours,
                plain_app(data, PLAIN, "once") as plain,
                plain_app(data, FOLLOWING, "now") as following,
            ):
                if "throughput" in chosen:
                    missed += measure_throughput(bench, [ours, plain, following])
                if "rate" in chosen:
                    missed += measure_rate(bench, [ours, plain, following])
                if "memory" in chosen:
                    missed += measure_memory(bench, ours)
                if "recovery" in chosen:
                    missed += measure_recovery(bench, ours, data / f"{ours.port}.log")
        OnlineStore(ServingSettings(data=data).online_store_url).shutdown()
    for complaint in missed:
        print(f"missed: {complaint}", flush=True)
    bench.write()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--handler"]:
        handle(sys.stdin.read())
    else:
        main()
