"""The page at ``/docs`` says what the contract says, and loads nothing from elsewhere."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from algotrade.inference.problems import PROBLEMS
from algotrade.inference.security import ENDPOINTS

from .desk import Desk


class Reader(HTMLParser):
    """Collects elements, what they refer to, and ids; knows whether every element was closed."""

    VOID = ("meta", "link", "br")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[str] = []
        self.targets: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        if tag not in self.VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name in ("href", "src"):
                self.targets.append(value or "")
            if name == "id":
                self.ids.append(value or "")
            assert not name.startswith("on"), "no script in an attribute"
            assert name != "style"

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    return TestClient(Desk(tmp_path_factory.mktemp("desk")).app)


@pytest.fixture(scope="module")
def page(client: TestClient) -> str:
    response = client.get("/docs")
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    return response.text


@pytest.fixture(scope="module")
def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    return reader


def test_is_well_formed_and_leads_nowhere_else(read: Reader, client: TestClient) -> None:
    assert not read.open
    assert "script" not in read.elements
    assert len(read.ids) == len(set(read.ids))
    for target in read.targets:
        if target.startswith("#"):
            assert target[1:] in read.ids
        elif not target.startswith("data:,"):
            assert client.get(f"/{target}").status_code == 200


def test_its_policy_lets_it_load_its_style_only(client: TestClient) -> None:
    policy = client.get("/docs").headers["content-security-policy"]
    assert "default-src 'none'; style-src 'self'" in policy
    style = client.get("/docs/style.css")
    assert style.headers["content-type"].startswith("text/css")
    assert "url(" not in style.text
    assert "@import" not in style.text
    assert "light-dark(" in style.text


def test_is_small(page: str, client: TestClient) -> None:
    assert len(page) + len(client.get("/docs/style.css").text) < 60_000


def test_tells_every_operation_problem_and_field(page: str, client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    for path in document["paths"]:
        assert f"</b> {path}</h2>" in page
    for code, kind in PROBLEMS.items():
        assert f'id="problem-{code}"' in page
        assert f"<td>{int(kind.status)}</td><td><code>{code}</code>" in page
    for name, schema in document["components"]["schemas"].items():
        assert f'id="{name}"' in page
        for field in schema.get("properties", {}):
            assert f"<code>{field}</code>" in page


def test_shows_how_to_ask(page: str) -> None:
    assert "-H &#34;x-api-key: $KEY&#34;" in page
    assert "$SERVICE/models/champion" in page


def test_contract_and_guard_know_the_same_paths(client: TestClient) -> None:
    """A path that the guard does not know could not be asked; one that the contract lacks would not be documented."""
    documented = set(client.get("/openapi.json").json()["paths"])
    guarded = {each.path for each in ENDPOINTS}
    assert documented <= guarded
    assert guarded - documented == {"/livez", "/readyz", "/healthz", "/docs", "/docs/{name}", "/openapi.json"}


def test_every_code_of_an_answer_is_documented_at_its_route(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    codes = set(re.findall(r'"code": \{"enum": \[([^\]]*)\]', json.dumps(document)))
    listed = {code for found in codes for code in re.findall(r'"(\w+)"', found)}
    assert listed == set(PROBLEMS)


def test_no_secret_is_in_it(page: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ALGOTRADE_REDIS_URL", "redis://:hunter2@localhost")
    shown = TestClient(Desk(tmp_path).app)
    assert "hunter2" not in shown.get("/docs").text + shown.get("/openapi.json").text
