"""What the guard does to every request: bounds, headers, one kind of refusal, a record, and nothing leaks."""

import asyncio
import base64
import json
import logging
import threading
import time
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from algotrade.inference.audit_trail import verify
from algotrade.inference.audit_trail.chain import Chain
from algotrade.inference.audit_trail.record import Entry
from algotrade.inference.problems import Problem
from algotrade.inference.security import Role

from .desk import Desk, bearer, token


def ask(desk: Desk, path: str = "/predict", **request):
    async def one():
        async with desk.client() as client:
            return await client.post(path, **request)

    return asyncio.run(one())


async def parts(*contents: bytes):
    for content in contents:
        yield content


class TestBounds:
    def test_a_body_has_a_longest_length_whoever_says_it_is_shorter(self, desk: Desk) -> None:
        desk.settings = desk.settings.model_copy(update={"max_body_bytes": 1000})
        key = {"x-api-key": desk.key()}
        desk.open()
        assert ask(desk, headers=key, content=b"x" * 1000).json()["bytes"] == 1000
        assert ask(desk, headers=key, content=parts(b"x" * 600, b"x" * 400)).json()["bytes"] == 1000
        for content in (b"x" * 1001, parts(b"x" * 600, b"x" * 401)):
            refused = ask(desk, headers=key, content=content)
            assert (refused.status_code, refused.json()["code"]) == (413, "body_too_large")
        assert len(desk.app.asked) == 2

    def test_what_is_not_sent_or_answered_in_time_is_408(self, desk: Desk) -> None:
        desk.settings = desk.settings.model_copy(update={"request_seconds": 0.2})
        key = {"x-api-key": desk.key()}
        desk.open()

        async def drip():
            yield b"{"
            await asyncio.sleep(30)

        slow_body = ask(desk, headers=key, content=drip())
        assert (slow_body.status_code, desk.app.asked) == (408, [])
        desk.app.before = lambda scope: asyncio.sleep(30)
        assert ask(desk, headers=key).status_code == 408
        desk.app.before = lambda scope: asyncio.sleep(0.05)
        assert ask(desk, headers=key).status_code == 200

    def test_one_timer_breaks_off_each_request_at_its_own_time(self, desk: Desk) -> None:
        desk.settings = desk.settings.model_copy(update={"request_seconds": 0.3})
        key = {"x-api-key": desk.key()}
        desk.open()
        desk.app.before = lambda scope: asyncio.sleep(30 if scope["method"] == "PUT" else 0.01)

        async def one(client, method: str, after: float) -> int:
            await asyncio.sleep(after)
            return (await client.request(method, "/predict", headers=key)).status_code

        async def many():
            async with desk.client() as client:
                return await asyncio.gather(
                    *(one(client, method, 0.05 * n) for n in range(6) for method in ("PUT", "POST"))
                )

        answers = asyncio.run(many())
        assert answers == [408, 200] * 6

    def test_an_application_that_is_cancelled_from_outside_is_not_answered_408(self, desk: Desk) -> None:
        key = {"x-api-key": desk.key()}
        desk.open()
        desk.app.before = lambda scope: asyncio.sleep(30)

        async def cancel() -> None:
            async with desk.client() as client:
                task = asyncio.ensure_future(client.post("/predict", headers=key))
                await asyncio.sleep(0.1)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task

        asyncio.run(cancel())
        desk.trail.close()
        assert [each.outcome for each in desk.trail.log.page(5)] == ["unanswered"]


class TestAnswers:
    def test_carry_the_security_headers(self, desk: Desk) -> None:
        key = {"x-api-key": desk.key()}
        desk.open()
        for answer in (ask(desk, headers=key), ask(desk), ask(desk, "/livez"), ask(desk, "/nowhere", headers=key)):
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["x-frame-options"] == "DENY"
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert answer.headers["content-security-policy"].startswith("default-src 'none'")
            assert "strict-transport-security" not in answer.headers
            assert "server" not in answer.headers

    def test_over_tls_ask_for_tls(self, desk: Desk) -> None:
        key = desk.key()
        desk.open()

        async def one():
            async with desk.client(base_url="https://desk.example") as client:
                return await client.post("/predict", headers=bearer(key))

        assert "max-age" in asyncio.run(one()).headers["strict-transport-security"]

    @pytest.mark.parametrize(
        ("path", "headers", "status"), [("/predict", {}, 401), ("/audit", None, 403), ("/nowhere", None, 404)]
    )
    def test_that_refuse_are_problem_documents(self, desk: Desk, path: str, headers: dict | None, status: int) -> None:
        key = {"x-api-key": desk.key()}
        desk.open()
        answer = ask(desk, path, headers=key if headers is None else headers)
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
        assert Problem(**answer.json()).status == status
        assert desk.refusals == [answer.json()["code"]]
        assert ("www-authenticate" in answer.headers) == (status == 401)

    def test_a_bug_is_500_without_its_innards(self, desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
        key = {"x-api-key": desk.key()}
        desk.open()

        async def break_down(scope: dict) -> None:
            raise ValueError(f"innards {dict(scope['headers'])}")

        desk.app.before = break_down
        answer = ask(desk, headers=key)
        assert (answer.status_code, answer.json()["code"]) == (500, "internal")
        assert "innards" not in answer.text + caplog.text
        assert "ValueError at test_guard.py" in caplog.text
        desk.trail.close()
        assert [each.outcome for each in desk.trail.log.page(5)] == ["500"]

    def test_a_websocket_is_closed(self, desk: Desk) -> None:
        desk.open()
        sent = []

        async def send(message: dict) -> None:
            sent.append(message)

        asyncio.run(desk.guard({"type": "websocket", "path": "/predict", "headers": []}, None, send))
        assert [each["type"] for each in sent] == ["websocket.close"]
        assert desk.app.asked == []


class TestWithoutKeys:
    @pytest.mark.parametrize(
        ("address", "base_url", "path", "status"),
        [
            ("127.0.0.1", "http://127.0.0.1:3000", "/predict", 200),
            ("127.0.0.1", "http://localhost:3000", "/predict", 200),
            ("::1", "http://[::1]:3000", "/health", 200),
            ("127.0.0.1", "http://127.0.0.1:3000", "/admin/reload", 403),
            ("127.0.0.1", "http://127.0.0.1:3000", "/audit", 403),
            ("192.168.0.7", "http://127.0.0.1:3000", "/predict", 403),
            ("10.0.0.1", "http://localhost", "/health", 403),
            ("127.0.0.1", "http://rebound.example:3000", "/predict", 403),
            ("127.0.0.1", "http://127.0.0.1.example:3000", "/predict", 403),
            ("127.0.0.1", "http://0.0.0.0:3000", "/predict", 403),
        ],
    )
    def test_only_this_machine_is_served_by_its_own_name(
        self, desk: Desk, address: str, base_url: str, path: str, status: int
    ) -> None:
        desk.open()
        assert desk.gatekeeper.open_to_loopback

        async def one() -> int:
            async with desk.client(address, base_url) as client:
                return (await client.post(path)).status_code

        assert asyncio.run(one()) == status

    @pytest.mark.parametrize("make", ["key", "share"])
    def test_the_first_key_ends_it_and_it_does_not_come_back(self, desk: Desk, make: str) -> None:
        desk.open()
        assert ask(desk).status_code == 200
        if make == "key":
            desk.key()
        else:
            desk.token_keys.share("a")
        time.sleep(0.3)
        assert ask(desk).status_code == 401
        (desk.keys.path if make == "key" else desk.token_keys.path).unlink()
        time.sleep(0.3)
        assert ask(desk).status_code == 401
        assert not desk.gatekeeper.open_to_loopback


class TestTheAuditLog:
    def test_has_every_action_of_a_known_caller_and_of_no_other(self, desk: Desk) -> None:
        keys = {role: desk.key(role) for role in Role}
        desk.open()

        async def tell(scope: dict) -> None:
            scope["state"]["audit_detail"] = "v1 -> v2"

        desk.app.before = tell
        for role, path in ((Role.ADMIN, "/admin/reload"), (Role.VIEWER, "/predict"), (Role.VIEWER, "/models/secret")):
            ask(desk, path, headers={"x-api-key": keys[role]})
        ask(desk)
        ask(desk, "/livez", headers={"x-api-key": keys[Role.ADMIN]})
        ask(desk, "/nowhere", headers={"x-api-key": keys[Role.AUDITOR]})
        desk.trail.close()
        found = [(each.role, each.action, each.outcome, each.detail) for each in reversed(desk.trail.log.page(99))]
        assert found == [
            ("admin", "POST /admin/reload", "begun", ""),
            ("admin", "POST /admin/reload", "200", "v1 -> v2"),
            ("viewer", "POST /predict", "403", ""),
            ("viewer", "POST /models/{name}", "200", "v1 -> v2"),
            ("auditor", "POST other", "404", ""),
        ]
        assert verify(desk.settings.audit_folder).intact

    def test_that_cannot_be_written_stops_all_that_would_have_to_be_in_it(self, desk: Desk) -> None:
        key = {"x-api-key": desk.key(Role.ADMIN)}
        desk.open()
        assert ask(desk, headers=key).status_code == 200
        desk.trail.close()
        folder = desk.settings.audit_folder
        folder.rename(folder.with_name("elsewhere"))
        folder.write_text("in the way")

        assert ask(desk, headers=key).status_code == 200  # not known yet: written as soon as it can be
        until = time.monotonic() + 60
        while not desk.trail.why_unwritable and time.monotonic() < until:
            time.sleep(0.01)
        desk.app.asked.clear()
        refused = ask(desk, "/admin/reload", headers=key)
        assert (refused.status_code, refused.json()["code"]) == (503, "audit_unavailable")
        assert refused.headers["retry-after"] == "1"
        assert desk.app.asked == []
        assert ask(desk, "/livez").status_code == 200

        folder.unlink()
        folder.with_name("elsewhere").rename(folder)
        while desk.trail.why_unwritable and time.monotonic() < until:
            time.sleep(0.05)
        assert ask(desk, headers=key).status_code == 200
        desk.trail.close()
        assert [each.outcome for each in desk.trail.log.page(9)] == ["200"] * 3
        assert verify(folder).intact

    def test_is_not_waited_for_without_end(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        desk.settings = desk.settings.model_copy(update={"request_seconds": 0.2})
        key = {"x-api-key": desk.key(Role.ADMIN)}
        desk.open()
        released = threading.Event()
        append = Chain.append

        def stuck(chain: Chain, entries: Sequence[Entry], *, sync: bool) -> None:
            released.wait(60)
            append(chain, entries, sync=sync)

        monkeypatch.setattr(Chain, "append", stuck)
        refused = ask(desk, "/admin/reload", headers=key)
        released.set()
        desk.trail.close()
        assert (refused.json()["code"], desk.app.asked) == ("audit_unavailable", [])
        assert [each.outcome for each in reversed(desk.trail.log.page(5))] == ["begun", "503"]


def test_no_secret_is_anywhere_after_all_kinds_of_use(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    key, admin = desk.key(), desk.key(Role.ADMIN)
    secret = desk.token_keys.share("a").get_secret_value()
    desk.open()
    signed = token(base64.urlsafe_b64decode(secret + "="))
    wrong = "alg_" + "0" * 12 + "_WRONGKEY"
    answers = [
        ask(desk, path, headers={name: scheme + credential.encode()}, content=json.dumps({"key": "BODY"}))
        for credential in (key, admin, signed, wrong, signed + "x", f"{key} {admin}", "ünïcode")
        for name, scheme in (("x-api-key", b""), ("authorization", b"Bearer "))
        for path in ("/predict", "/admin/reload", "/audit", "/docs", f"/models/{'x' * 20}", "/nowhere")
    ]
    desk.trail.close()
    files = [path for path in desk.folder.rglob("*") if path.is_file() and path != desk.token_keys.path]
    seen = b"".join(path.read_bytes() for path in files) + caplog.text.encode()
    seen += b"".join(each.content + repr(each.headers.raw).encode() for each in answers)
    seen += repr(desk.refusals).encode() + repr(vars(desk.gatekeeper)).encode()
    for hidden in (key, key[17:], admin[17:], signed, signed.rpartition(".")[2], secret, "WRONGKEY", "BODY"):
        assert hidden.encode() not in seen
    assert desk.keys.keys()[0].id.encode() in seen  # the search does find what is there


header_names = st.sampled_from(["x-api-key", "authorization", "host", "content-length", "x-request-id", "x"])
header_bytes = st.binary(max_size=60) | st.sampled_from(
    [b"Bearer", b"Bearer ", b"bearer alg_", b"alg_", b"Basic Og==", b"127.0.0.1", b"[::1", b"\xff", b"Bearer a.b.c"]
)


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory):
    made = Desk(tmp_path_factory.mktemp("fuzzed"))
    made.key()
    made.token_keys.share("a")
    made.open()
    yield made
    made.close()


@settings(max_examples=150, deadline=None)
@given(headers=st.lists(st.tuples(header_names, header_bytes), max_size=5), path=st.text(max_size=12))
def test_any_headers_on_any_path_are_refused_in_good_order(fuzzed: Desk, headers: list, path: str) -> None:
    sent: list[dict] = []

    async def receive() -> dict:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict) -> None:
        sent.append(message)

    raw = [(name.encode(), value) for name, value in headers]
    for asked in ("/predict", "/" + path):
        sent.clear()
        scope = {"type": "http", "method": "POST", "path": asked, "headers": raw, "client": None, "state": {}}
        asyncio.run(fuzzed.guard(scope, receive, send))
        assert [each["type"] for each in sent] == ["http.response.start", "http.response.body"]
        assert sent[0]["status"] == 401
        assert json.loads(sent[1]["body"])["code"] == "unauthorized"
