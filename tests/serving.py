"""The prediction service as users start it, for tests that ask it over HTTP."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from algotrade.inference.launch import SERVICE, environment
from algotrade.inference.settings import ServingSettings

PATIENCE_SECONDS = 90


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@dataclass
class Server:
    client: httpx.Client
    process: psutil.Process
    settings: ServingSettings
    log: Path


def wait_until_it_answers(client: httpx.Client, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            client.get("/health")
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"the service did not start:\n{log.read_text()}")


@contextmanager
def running_service(settings: ServingSettings, folder: Path) -> Iterator[Server]:
    """The service of ``settings``, answering; its process tree is gone afterwards."""
    log = folder / "log.txt"
    serve = [str(Path(sys.executable).with_name("bentoml")), "serve", SERVICE]
    with log.open("w") as output:
        process = subprocess.Popen(
            [*serve, "--host", settings.host, "--port", str(settings.port)],
            cwd=folder,
            env=environment(settings),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{settings.port}", timeout=60) as client:
            wait_until_it_answers(client, process, log)
            yield Server(client, psutil.Process(process.pid), settings, log)
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End the server as Ctrl-C does, and whatever it left of its process tree."""
    family = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(timeout=60)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=30)
    _, survivors = psutil.wait_procs(family, timeout=30)
    for survivor in survivors:
        survivor.kill()
    assert not survivors, f"the service left {survivors} behind"
