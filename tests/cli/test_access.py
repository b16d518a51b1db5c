"""``algotrade access`` and ``algotrade audit-log``: keys are handed out once, the log is checked."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from algotrade.cli import cli
from algotrade.inference.audit_trail import AuditTrail
from algotrade.inference.audit_trail.segments import segment
from algotrade.inference.security import Caller, Gatekeeper, Role, SecuritySettings, access_table


@pytest.fixture
def algotrade(tmp_path: Path):
    return lambda *words: CliRunner().invoke(cli, list(words), env={"ALGOTRADE_DATA": str(tmp_path)})


def identify(folder: Path, key: str) -> Caller:
    gatekeeper = Gatekeeper(SecuritySettings(data=folder))
    try:
        return gatekeeper.identify([(b"x-api-key", key.encode())], "10.0.0.1").caller
    finally:
        gatekeeper.close()


def test_a_key_is_shown_once_and_works(algotrade, tmp_path: Path) -> None:
    assert "this machine only" in algotrade("access", "list").stdout
    made = algotrade("access", "create", "desk one", "--role", "trader", "--rate", "5", "--days", "30")
    assert made.exit_code == 0, made.output
    key = made.stdout.strip()
    caller = identify(tmp_path, key)
    assert (caller.name, caller.role) == ("desk one", Role.TRADER)
    shown = algotrade("access", "list").stdout
    assert "desk one" in shown
    assert "active" in shown
    assert caller.key_id in shown
    assert key[17:] not in shown + made.stderr


def test_a_key_is_rotated_and_revoked(algotrade, tmp_path: Path) -> None:
    old = algotrade("access", "create", "desk", "--role", "admin").stdout.strip()
    key_id = identify(tmp_path, old).key_id
    new = algotrade("access", "rotate", key_id).stdout.strip()
    assert identify(tmp_path, new).role is Role.ADMIN
    assert identify(tmp_path, old).key_id == key_id
    assert "is revoked" in algotrade("access", "revoke", key_id).stdout
    again = algotrade("access", "revoke", key_id)
    assert (again.exit_code, "revoked already" in again.stderr) == (1, True)
    pasted = algotrade("access", "revoke", new)
    assert (pasted.exit_code, new in pasted.output) == (1, False)
    assert "revoked" in algotrade("access", "list").stdout


def test_token_keys_are_trusted_and_distrusted(algotrade) -> None:
    made = algotrade("access", "trust", "2026-a")
    assert (made.exit_code, len(made.stdout.strip())) == (0, 43)
    shown = algotrade("access", "list").stdout
    assert "2026-a" in shown
    assert made.stdout.strip() not in shown
    assert algotrade("access", "distrust", "2026-a").exit_code == 0
    assert algotrade("access", "distrust", "2026-a").exit_code == 1


def test_the_table_of_roles_is_printed(algotrade) -> None:
    assert algotrade("access", "roles").stdout.strip() == access_table()


def test_the_log_is_shown_and_verified(algotrade, tmp_path: Path) -> None:
    assert "no records" in algotrade("audit-log", "verify").stdout
    trail = AuditTrail(tmp_path / "audit")
    for number in range(5):
        trail.record(Caller("desk", Role.TRADER, "k1"), "POST /predict", "200", f"r{number}")
    trail.close()
    shown = algotrade("audit-log", "show", "--limit", "2").stdout.splitlines()
    assert [line.split()[0] for line in shown] == ["5", "4"]
    assert "desk (trader, k1) POST /predict 200 r4" in shown[0]
    verified = algotrade("audit-log", "verify")
    assert (verified.exit_code, "records 1 to 5" in verified.stdout) == (0, True)
    digest = verified.stdout.split()[-1]
    assert algotrade("audit-log", "verify", "--expect", digest).exit_code == 0

    path = segment(tmp_path / "audit", 1)
    path.write_bytes(path.read_bytes().replace(b'"r2"', b'"rX"'))

    broken = algotrade("audit-log", "verify")
    assert (broken.exit_code, "record 3 was changed" in broken.stderr) == (1, True)
