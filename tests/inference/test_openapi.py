"""The service keeps what its OpenAPI document promises, whatever is sent, behind its guard and through its lane."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.openapi import from_asgi

from algotrade.inference.security import Permission, Role, endpoint_of

from .desk import GuardedDesk

_folder = tempfile.TemporaryDirectory()
_desk = GuardedDesk(Path(_folder.name))
_ROLE = {Permission.AUDIT: Role.AUDITOR, Permission.ADMINISTER: Role.ADMIN}
contract = from_asgi("/openapi.json", _desk.front)


@pytest.fixture(scope="module", autouse=True)
def closed():
    yield
    _desk.close()
    _folder.cleanup()


_BOUNDED = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))


def ask(case: Case) -> None:
    """Ask as a role that may, and hold the answer against the document; without a key it has to be refused."""
    endpoint = endpoint_of(case.operation.path.replace("{name}", "name"))
    assert endpoint is not None
    case.call_and_validate(headers={"X-API-Key": _desk.keys[_ROLE.get(endpoint.permission, Role.TRADER)]})


@contract.parametrize()
@_BOUNDED
def test_every_operation_keeps_its_promise(case: Case) -> None:
    ask(case)


@pytest.mark.slow
@contract.parametrize()
@settings(_BOUNDED, max_examples=400)
def test_every_operation_keeps_its_promise_whatever_is_sent(case: Case) -> None:
    ask(case)
