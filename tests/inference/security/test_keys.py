"""Keys are kept as digests, shown once, and changed while the service runs."""

import asyncio
import json
import stat
import time
from datetime import timedelta
from pathlib import Path

import pytest

from algotrade.errors import ConfigurationError
from algotrade.inference.security import Gatekeeper, KeyRing, Role, SecuritySettings, Terms

from .desk import Desk, bearer

PATIENCE_SECONDS = 30


async def status(desk: Desk, headers: dict[str, str], path: str = "/predict") -> int:
    async with desk.client() as client:
        return (await client.post(path, headers=headers)).status_code


def test_both_headers_carry_a_key(desk: Desk) -> None:
    key = desk.key()
    desk.open()
    assert asyncio.run(status(desk, {"x-api-key": key})) == 200
    assert asyncio.run(status(desk, bearer(key))) == 200
    assert asyncio.run(status(desk, {"authorization": f"bearer   {key}"})) == 200


def test_nothing_of_a_key_is_kept_but_what_it_cannot_be_found_from(desk: Desk) -> None:
    key = desk.key()
    desk.open()
    secret = key.rpartition("_")[2] if "_" not in key[17:] else key[17:]
    files = [path for path in desk.folder.rglob("*") if path.is_file()]
    assert desk.keys.path in files
    assert not [path for path in files if secret.encode() in path.read_bytes()]
    assert stat.S_IMODE(desk.keys.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(desk.keys.folder.stat().st_mode) == 0o700
    assert len({desk.key() for _ in range(50)}) == 50


@pytest.mark.parametrize(
    "spoil",
    [
        lambda key: "",
        lambda key: key[:-1],
        lambda key: key + "A",
        lambda key: key[:-1] + ("A" if key[-1] != "A" else "B"),
        lambda key: key.upper(),
        lambda key: key[:16],
        lambda key: key[:17],
        lambda key: "alg_" + "0" * 12 + key[16:],
        lambda key: key[4:],
        lambda key: "alg_",
        lambda key: "A" * 100_000,
        lambda key: "alg_" + "A" * 100_000,
    ],
)
def test_what_is_not_the_whole_key_is_401(desk: Desk, spoil) -> None:
    key = desk.key()
    desk.open()
    assert asyncio.run(status(desk, {"x-api-key": spoil(key)})) == 401
    assert asyncio.run(status(desk, bearer(spoil(key)))) == 401
    assert desk.app.asked == []


def test_the_digest_is_no_key(desk: Desk) -> None:
    desk.key()
    (stored,) = desk.keys.keys()
    desk.open()
    assert asyncio.run(status(desk, {"x-api-key": f"alg_{stored.id}_{stored.digest}"})) == 401


def test_one_credential_is_sent_not_several(desk: Desk) -> None:
    key = desk.key()
    desk.open()
    assert asyncio.run(status(desk, {"x-api-key": key, **bearer(key)})) == 401
    assert asyncio.run(status(desk, {"authorization": f"Basic {key}"})) == 401


def test_a_revoked_key_is_soon_refused_and_a_new_one_is_known(desk: Desk) -> None:
    key = desk.key()
    desk.open()

    async def until(headers: dict[str, str], wanted: int) -> None:
        end = time.monotonic() + PATIENCE_SECONDS
        while await status(desk, headers) != wanted:
            assert time.monotonic() < end
            await asyncio.sleep(0.02)

    assert asyncio.run(status(desk, {"x-api-key": key})) == 200
    desk.keys.revoke(desk.keys.keys()[0].id)
    asyncio.run(until({"x-api-key": key}, 401))
    asyncio.run(until({"x-api-key": desk.key()}, 200))


def test_a_rotated_key_is_valid_for_the_time_of_grace(desk: Desk) -> None:
    old = desk.key(rate=70.0)
    (before,) = desk.keys.keys()
    new = desk.keys.rotate(before.id, timedelta(hours=1))
    ended, after = desk.keys.keys()
    assert (after.name, after.role, after.rate, after.burst) == (before.name, before.role, 70.0, 70)
    assert ended.expires is not None
    desk.open()
    assert asyncio.run(status(desk, {"x-api-key": old})) == 200
    assert asyncio.run(status(desk, {"x-api-key": new.cleartext.get_secret_value()})) == 200

    newest = desk.keys.rotate(after.id, timedelta(0))

    time.sleep(0.3)
    assert asyncio.run(status(desk, {"x-api-key": new.cleartext.get_secret_value()})) == 401
    assert asyncio.run(status(desk, {"x-api-key": newest.cleartext.get_secret_value()})) == 200


def test_a_key_expires(desk: Desk) -> None:
    key = desk.key(lifetime=timedelta(seconds=-1))
    desk.open()
    assert asyncio.run(status(desk, {"x-api-key": key})) == 401
    with pytest.raises(ConfigurationError, match="expired already"):
        desk.keys.rotate(desk.keys.keys()[0].id, timedelta(0))


def test_an_id_that_is_none_is_not_repeated(desk: Desk) -> None:
    key = desk.key()
    for change in (desk.keys.revoke, lambda key: desk.keys.rotate(key, timedelta(0))):
        with pytest.raises(ConfigurationError, match="no key of this id") as error:
            change(key)
        assert key not in str(error.value)


@pytest.mark.parametrize("name", ["", " ", "a\nb", "a" * 65, "é", "<script>"])
def test_a_name_is_plain(desk: Desk, name: str) -> None:
    with pytest.raises(ConfigurationError, match="no name of a caller"):
        desk.keys.create(name, Terms(Role.VIEWER))


class TestAFileThatCannotBeUnderstood:
    @pytest.mark.parametrize(
        "content", ["", "{}", '[{"id": 1}]', "null", '[{"id": "a", "rôle": "admin"}]', "\0", "\ud800"]
    )
    def test_keeps_the_service_from_starting(self, tmp_path: Path, content: str) -> None:
        settings = SecuritySettings(data=tmp_path)
        settings.access_folder.mkdir()
        (settings.access_folder / "keys.json").write_bytes(content.encode(errors="surrogatepass"))
        with pytest.raises(ConfigurationError, match="no file of keys"):
            Gatekeeper(settings)

    def test_lets_nobody_in_while_it_runs(self, desk: Desk) -> None:
        key = desk.key()
        desk.open()
        good = desk.keys.path.read_text()
        for bad in ("[{]", "[]", None):
            if bad is None:
                desk.keys.path.unlink()
            else:
                desk.keys.path.write_text(bad)
            time.sleep(0.3)
            assert asyncio.run(status(desk, {"x-api-key": key})) == 401
            assert asyncio.run(status(desk, {})) == 401
        desk.keys.path.write_text(good)
        time.sleep(0.3)
        assert asyncio.run(status(desk, {"x-api-key": key})) == 200

    @pytest.mark.parametrize(
        "changed",
        [{"digest": "00"}, {"digest": "x" * 64}, {"id": "é"}, {"rate": 0}, {"burst": 0}, {"role": "root"},
         {"created": "2024-01-01T00:00:00"}, {"expires": "never"}, {"more": 1}],
    )  # fmt: skip
    def test_may_be_one_that_somebody_edited(self, desk: Desk, changed: dict) -> None:
        desk.key()
        (stored,) = json.loads(desk.keys.path.read_text())
        desk.keys.path.write_text(json.dumps([{**stored, **changed}]))
        with pytest.raises(ConfigurationError, match="no file of keys"):
            desk.open()

    def test_is_refused_if_others_may_write_it(self, desk: Desk) -> None:
        desk.key()
        desk.keys.path.chmod(0o662)
        with pytest.raises(ConfigurationError, match="chmod 600"):
            desk.open()


def test_two_processes_lose_no_key(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda n: KeyRing(tmp_path).create(f"key {n}", Terms(Role.VIEWER)), range(40)))
    assert len(json.loads((tmp_path / "keys.json").read_text())) == 40
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".keys")] == []
