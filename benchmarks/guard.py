"""What it costs to let a request in: key, limit and role, a token, a record of the audit log, the whole guard.

CPU time of one thread, the smallest of several rounds: on a busy machine the others measure the neighbours.
"""

import asyncio
import math
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import jwt
from measure import Benchmark
from starlette.types import Message, Receive, Scope, Send

from algotrade.inference.audit_trail import AuditTrail, verify
from algotrade.inference.audit_trail.chain import Chain
from algotrade.inference.audit_trail.record import Entry
from algotrade.inference.security import (
    Gatekeeper,
    Guard,
    KeyRing,
    Role,
    SecuritySettings,
    Terms,
    TokenRing,
    endpoint_of,
)

ROUNDS, COUNT, RECORDS = 9, 3_000, 100_000


def microseconds(work: Callable[[], object]) -> float:
    """CPU time of one call."""
    best = math.inf
    for _ in range(ROUNDS):
        started = time.thread_time()
        for _ in range(COUNT):
            work()
        best = min(best, time.thread_time() - started)
    return 1e6 * best / COUNT


def headers(credential: str) -> list[tuple[bytes, bytes]]:
    """As a client sends them."""
    return [
        (b"host", b"127.0.0.1:3000"),
        (b"accept", b"*/*"),
        (b"user-agent", b"benchmark"),
        (b"content-type", b"application/json"),
        (b"authorization", b"Bearer " + credential.encode()),
    ]


def signed(ring: TokenRing) -> str:
    """A token of a key that is trusted from now on."""
    ring.share("a")
    key = jwt.PyJWKSet.from_json(ring.path.read_text()).keys[0].key
    now = int(time.time())
    claims = {"sub": "desk", "role": "trader", "iss": "algotrade", "aud": "algotrade", "iat": now, "exp": now + 3600}
    return jwt.encode(claims, key, algorithm="HS256", headers={"kid": "a"})


async def nothing(_: Scope, receive: Receive, send: Send) -> None:
    """An application that answers without doing anything."""
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"{}"})


async def body() -> Message:
    """A small body, in one message."""
    return {"type": "http.request", "body": b"{}", "more_body": False}


async def away(_: Message) -> None:
    """Nobody listens."""


async def answered(app: Callable[..., object], asked: list[tuple[bytes, bytes]]) -> float:
    """CPU time of one request; the writer of the audit log may catch up between the rounds."""
    scope = {"type": "http", "method": "POST", "path": "/predict", "headers": asked, "client": ("127.0.0.1", 1)}
    best = math.inf
    for _ in range(ROUNDS):
        started = time.thread_time()
        for _ in range(COUNT):
            await app({**scope, "state": {}}, body, away)
        best = min(best, time.thread_time() - started)
        await asyncio.sleep(0.3)
    return 1e6 * best / COUNT


def main() -> None:
    benchmark = Benchmark("guard")
    with tempfile.TemporaryDirectory() as folder:
        settings = SecuritySettings(data=Path(folder), rate_limit=1e6)
        issued = KeyRing(settings.access_folder).create("desk", Terms(Role.TRADER, rate=1e6))
        key, token = headers(issued.cleartext.get_secret_value()), headers(signed(TokenRing(settings.access_folder)))
        gatekeeper, trail = Gatekeeper(settings), AuditTrail(settings.audit_folder)

        def let_in(asked: list[tuple[bytes, bytes]]) -> None:
            grant = gatekeeper.identify(asked, "127.0.0.1")
            gatekeeper.admit(grant, endpoint_of("/predict"), gatekeeper.allowance(grant))

        benchmark.add("a known key, its limit and its role", microseconds(lambda: let_in(key)), "us CPU")
        benchmark.add("a verified token, its limit and its role", microseconds(lambda: let_in(token)), "us CPU")
        alone = asyncio.run(answered(nothing, key))
        guarded = asyncio.run(answered(Guard(nothing, gatekeeper, trail, settings, lambda _: None), key))
        benchmark.add("the whole guard, audit log included", guarded - alone, "us CPU")
        trail.close()
        gatekeeper.close()
        chain = Chain(Path(folder) / "chain")
        batch = [Entry(datetime.now(UTC), 1, "desk", "trader", "a", "POST /predict", "200", "0" * 32, "")] * 500
        started = time.thread_time()
        for _ in range(RECORDS // len(batch)):
            chain.append(batch, sync=False)
        benchmark.add("a record, in the writer's thread", 1e6 * (time.thread_time() - started) / RECORDS, "us CPU")
        started = time.perf_counter()
        found = verify(chain.folder)
        benchmark.add("records verified", found.records / (time.perf_counter() - started), "records/s")
    benchmark.write()


if __name__ == "__main__":
    main()
