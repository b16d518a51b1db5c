"""Each role can do exactly what its row says, and a path that is in no row does not exist."""

import asyncio
from pathlib import Path

import pytest

from algotrade.inference.security import ENDPOINTS, ROLES, Permission, Role, access_table, endpoint_of
from algotrade.inference.security.roles import Endpoint

from .desk import Desk, bearer

# Written down a second time, cell by cell, so that a change of the table in the code has to be meant.
ROWS = """
/livez           nobody viewer trader admin auditor
/readyz          nobody viewer trader admin auditor
/healthz         nobody viewer trader admin auditor
/docs            nobody viewer trader admin auditor
/docs/page.js    nobody viewer trader admin auditor
/openapi.json    nobody viewer trader admin auditor
/health                 viewer trader admin auditor
/metrics                viewer trader admin auditor
/models                 viewer trader admin auditor
/models/lightgbm        viewer trader admin auditor
/predict                       trader admin
/admin/reload                         admin
/admin/rollback                       admin
/audit                                      auditor
"""
CELLS = [
    (path, who, who in allowed)
    for path, *allowed in (row.split() for row in ROWS.strip().splitlines())
    for who in ("nobody", *Role)
]


@pytest.mark.parametrize(("path", "who", "allowed"), CELLS)
def test_a_cell_of_the_table(desk: Desk, path: str, who: str, allowed: bool) -> None:
    keys = {role: desk.key(role) for role in Role}
    desk.open()

    async def ask() -> int:
        async with desk.client() as client:
            headers = {} if who == "nobody" else {"x-api-key": keys[Role(who)]}
            return (await client.post(path, headers=headers)).status_code

    status = asyncio.run(ask())

    assert status == (200 if allowed else 401 if who == "nobody" else 403)
    assert bool(desk.app.asked) == allowed


def test_the_rows_are_all_there_are() -> None:
    rows = {endpoint_of(path) for path, _, _ in CELLS}
    assert rows == set(ENDPOINTS)
    assert set(ROLES) == set(Role)


@pytest.mark.parametrize(
    "path",
    ["/", "/admin", "/admin/", "/admin/reload/", "/admin//reload", "//admin/reload", "/Admin/reload", "/metrics/",
     "/models/", "/models/a/b", "/docs/a/b", "/schema.json", "/docs.json", "/static_content/x", "/predict/", "/audit/1",
     "/livez/../admin/reload", "/docs/..", "/%61dmin/reload"],
)  # fmt: skip
def test_another_way_to_write_a_path_leads_nowhere(desk: Desk, path: str) -> None:
    desk.key(Role.ADMIN)
    desk.open()
    found = endpoint_of(path)
    assert found is None or found == Endpoint("/docs/{name}", Permission.PROBE)

    async def ask() -> tuple[int, int]:
        scope = {"type": "http", "method": "POST", "path": path, "headers": [], "client": ("127.0.0.1", 1), "state": {}}
        key = desk.key(Role.ADMIN)
        await asyncio.sleep(0.3)
        statuses = []
        for headers in ([], [(b"x-api-key", key.encode())]):

            async def receive() -> dict:
                return {"type": "http.request", "body": b"", "more_body": False}

            async def send(message: dict) -> None:
                if "status" in message:
                    statuses.append(message["status"])

            await desk.guard({**scope, "headers": headers, "state": {}}, receive, send)
        return statuses[0], statuses[1]

    assert asyncio.run(ask()) == ((401, 404) if found is None else (200, 200))


def test_the_table_that_is_printed_is_the_one_in_the_documentation() -> None:
    page = Path(__file__).parents[3] / "docs" / "how-to" / "secure-the-service.md"
    assert access_table() in page.read_text(), "run `algotrade access roles` and put its table there"


def test_every_route_of_the_application_is_in_the_table(tmp_path: Path) -> None:
    """A route that is not could be asked by nobody; one whose permission is forgotten does not exist."""
    from tests.inference.desk import Desk as Application

    paths = {route.path for route in Application(tmp_path).app.routes if hasattr(route, "path")}
    unknown = {path for path in paths if endpoint_of(path.replace("{name}", "x").replace("{file}", "x")) is None}
    assert not unknown


def test_a_role_that_may_not_is_told_which_may(desk: Desk) -> None:
    key = desk.key(Role.TRADER)
    desk.open()

    async def ask() -> dict:
        async with desk.client() as client:
            return (await client.post("/admin/reload", headers=bearer(key))).json()

    problem = asyncio.run(ask())
    assert (problem["status"], problem["code"]) == (403, "forbidden")
    assert "admin" in problem["detail"]
