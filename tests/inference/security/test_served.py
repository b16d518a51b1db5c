"""The running service, two workers of it: keys, limits, revocation, the log, and no secret anywhere."""

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from algotrade.inference.audit_trail import verify
from algotrade.inference.security import ENDPOINTS, ROLES, KeyRing, Permission, Role, SecuritySettings, Terms
from algotrade.inference.settings import ServingSettings
from tests.inference.bundles import train
from tests.serving import PATIENCE_SECONDS, Server, free_port, running_service

from .desk import bearer

FEATURES = {"features": [[0.1, 0.2, 0.3]]}


class Locked:
    """A service with a key for each role, as its owners and its users see it."""

    def __init__(self, server: Server, ring: KeyRing, keys: dict[Role, str]) -> None:
        self.server = server
        self.ring = ring
        self.keys = keys
        # A connection for each request: one that is kept would always ask the same worker.
        self.client = httpx.Client(
            base_url=server.client.base_url,
            timeout=60,
            trust_env=False,
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    def ask(self, method: str, path: str, key: str | None = None, **request: object) -> httpx.Response:
        return self.client.request(method, path, headers=bearer(key) if key else {}, **request)

    def everything_written(self) -> bytes:
        folder = self.server.settings.data
        files = [path for path in folder.rglob("*") if path.is_file() and path.suffix in {".json", ".jsonl", ".log"}]
        return b"".join(path.read_bytes() for path in files) + self.server.log.read_bytes()


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Locked]:
    folder = tmp_path_factory.mktemp("locked")
    settings = ServingSettings(data=folder / "data", port=free_port(), workers=2)
    train(settings.bundle_folder, "one")
    ring = KeyRing(SecuritySettings(data=settings.data).access_folder)
    keys = {role: ring.create(role, Terms(role, rate=500)).cleartext.get_secret_value() for role in Role}
    with running_service(settings, folder) as server:
        found = Locked(server, ring, keys)
        until = time.monotonic() + PATIENCE_SECONDS
        while found.ask("POST", "/predict", keys[Role.TRADER], json=FEATURES).status_code != 200:
            assert time.monotonic() < until, server.log.read_text()
            time.sleep(0.2)
        with contextlib.closing(found.client):
            yield found


def eventually(condition: Callable[[], bool]) -> None:
    """Wait until it holds: workers look at files and write theirs a few times a second."""
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_nobody_is_let_in_without_a_key(locked: Locked) -> None:
    for each in ENDPOINTS:
        if each.permission is not Permission.PROBE:
            answer = locked.ask("GET", each.path.replace("{name}", "x"))
            assert (each.path, answer.status_code, answer.json()["code"]) == (each.path, 401, "unauthorized")
    for path in ("/livez", "/readyz", "/docs", "/openapi.json"):
        assert locked.ask("GET", path).status_code == 200
    for path in ("/schema.json", "/docs.json", "/static_content/main.js", "/"):
        assert locked.ask("GET", path, locked.keys[Role.ADMIN]).status_code == 404


@pytest.mark.parametrize("role", list(Role))
def test_each_role_can_do_exactly_what_its_row_says(locked: Locked, role: Role) -> None:
    requests = {
        Permission.VIEW: [("GET", "/health", None), ("GET", "/models", None), ("GET", "/metrics", None)],
        Permission.PREDICT: [("POST", "/predict", FEATURES)],
        Permission.ADMINISTER: [("POST", "/admin/reload", None), ("POST", "/admin/rollback", None)],
        Permission.AUDIT: [("GET", "/audit", None)],
    }
    for permission, asked in requests.items():
        for method, path, body in asked:
            status = locked.ask(method, path, locked.keys[role], json=body).status_code
            assert (path, status == 403) == (path, permission not in ROLES[role])
            assert status < 500


def test_the_lane_and_the_routes_refuse_alike(locked: Locked) -> None:
    for headers in ({}, bearer(locked.keys[Role.VIEWER]), bearer("alg_nonsense")):
        answers = [
            locked.client.post("/predict", headers=headers, content=content) for content in (json.dumps(FEATURES), "{")
        ]
        assert len({(each.status_code, each.content) for each in answers}) == 1
        assert all(each.headers["x-content-type-options"] == "nosniff" for each in answers)


def test_a_limit_holds_over_all_workers(locked: Locked) -> None:
    issued = locked.ring.create("often", Terms(Role.TRADER, rate=0.01, burst=20))
    key = issued.cleartext.get_secret_value()
    time.sleep(2)
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: locked.ask("POST", "/predict", key, json=FEATURES), range(40)))
    assert sum(each.status_code == 200 for each in answers) in {20, 21}
    refused = [each for each in answers if each.status_code == 429]
    assert {each.json()["code"] for each in refused} == {"rate_limited"}
    assert all(int(each.headers["retry-after"]) > 0 for each in refused)
    assert {each.headers["ratelimit-limit"] for each in answers} == {"20"}


def test_a_revoked_key_is_soon_refused_by_every_worker(locked: Locked) -> None:
    issued = locked.ring.create("leaver", Terms(Role.TRADER))
    key = issued.cleartext.get_secret_value()

    def answered() -> set[int]:
        return {locked.ask("POST", "/predict", key, json=FEATURES).status_code for _ in range(16)}

    eventually(lambda: answered() == {200})
    locked.ring.revoke(issued.stored.id)
    eventually(lambda: answered() == {401})


def test_a_body_has_bounds_on_the_wire(locked: Locked) -> None:
    key = locked.keys[Role.TRADER]
    for content in (b" " * 1_000_001, iter([b" " * 600_000] * 2)):
        assert locked.ask("POST", "/predict", key, content=content).status_code == 413


def test_the_log_is_whole_and_holds_who_did_what(locked: Locked) -> None:
    folder = SecuritySettings(data=locked.server.settings.data).audit_folder
    for _ in range(40):
        locked.ask("POST", "/predict", locked.keys[Role.TRADER], json=FEATURES)
    locked.ask("POST", "/admin/reload", locked.keys[Role.ADMIN])
    version = locked.ask("GET", "/models/champion", locked.keys[Role.ADMIN]).json()["version"]

    def entries() -> list[dict]:
        page = locked.ask("GET", "/audit", locked.keys[Role.AUDITOR], params={"limit": 60}).json()
        assert all(each["request_id"] for each in page["entries"])
        return page["entries"]

    wanted = {
        ("trader", "POST /predict", "200", ""),
        ("admin", "POST /admin/reload", "200", f"{version} -> {version}"),
    }
    eventually(
        lambda: wanted <= {(each["caller"], each["action"], each["outcome"], each["detail"]) for each in entries()}
    )
    assert verify(folder).breach == ""


def test_no_secret_is_in_what_was_written_shown_or_answered(locked: Locked) -> None:
    admin = locked.keys[Role.ADMIN]
    shown = b"".join(
        locked.ask("GET", path, admin).content
        for path in ("/health", "/models", "/metrics", "/docs", "/openapi.json", "/nowhere", "/audit")
    )
    shown += locked.ask("GET", "/models/" + admin, admin).content.replace(admin.encode(), b"what was asked")
    shown += locked.everything_written()
    for key in locked.keys.values():
        assert key[17:].encode() not in shown
    for stored in locked.ring.keys():  # noqa: SIM118 - no dictionary
        digest = stored.digest.encode()
        assert shown.count(digest) == locked.ring.path.read_bytes().count(digest)
