"""The guard in this process, in front of an application that tells what it was asked."""

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import jwt
from starlette.types import Receive, Scope, Send

from algotrade.inference.audit_trail import AuditTrail
from algotrade.inference.security import Gatekeeper, Guard, KeyRing, Role, SecuritySettings, Terms, TokenRing

HOME = "http://127.0.0.1:3000"


class Echo:
    """Answers 200 with what it was given, unless it is told to do something else."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.before: Any = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        message = await receive()
        self.asked.append(f"{scope['method']} {scope['path']}")
        if self.before is not None:
            await self.before(scope)
        caller = scope["state"].get("caller")
        told = {"caller": caller and caller.name, "bytes": len(message["body"])}
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": json.dumps(told).encode()})


@dataclass
class Desk:
    """A guarded application with files of its own."""

    folder: Path
    options: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.settings = SecuritySettings(data=self.folder, **self.options)
        self.keys = KeyRing(self.settings.access_folder)
        self.token_keys = TokenRing(self.settings.access_folder)
        self.app = Echo()
        self.refusals: list[str] = []

    def open(self) -> None:
        """Start: keys that are there now are configured ones."""
        self.gatekeeper = Gatekeeper(self.settings)
        self.trail = AuditTrail(self.settings.audit_folder)
        self.guard = Guard(self.app, self.gatekeeper, self.trail, self.settings, self.refusals.append)

    def key(self, role: Role = Role.TRADER, rate: float = 1000.0, **terms: Any) -> str:
        return self.keys.create(f"{role} key", Terms(role, rate, **terms)).cleartext.get_secret_value()

    def client(self, address: str = "127.0.0.1", base_url: str = HOME) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.guard, raise_app_exceptions=False, client=(address, 5))
        return httpx.AsyncClient(transport=transport, base_url=base_url, trust_env=False)

    def close(self) -> None:
        self.trail.close()
        self.gatekeeper.close()


def claims(**changed: Any) -> dict[str, Any]:
    now = int(time.time())
    of_desk = {"sub": "desk", "role": "trader", "iss": "algotrade", "aud": "algotrade", "iat": now, "exp": now + 600}
    return {name: value for name, value in {**of_desk, **changed}.items() if value is not None}


def token(key: Any, kid: str | None = "a", algorithm: str = "HS256", **changed: Any) -> str:
    return jwt.encode(claims(**changed), key, algorithm=algorithm, headers=None if kid is None else {"kid": kid})


def bearer(credential: str) -> dict[str, str]:
    return {"authorization": f"Bearer {credential}"}


def raw(headers: Iterable[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode("latin-1")) for name, value in headers]
