"""Each fault does what it says, when it is planned to, and the venue limits who asks too much."""

import threading
import time
from typing import Any

import ccxt
import numpy as np
import pandas as pd
import pytest
import requests
from tests.simulation.venue.conftest import Start
from tests.simulation.venue.minutes import MINUTE_MS, minute

from algotrade.data.exchange import ExchangeGateway, Patience
from algotrade.domain.candles import from_milliseconds, to_milliseconds
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import ConfigurationError
from algotrade.simulation.venue import (
    ClockSkew,
    ConnectionReset,
    CutAnswer,
    DuplicatedRows,
    FaultSchedule,
    JunkBody,
    LocalVenue,
    MissingRows,
    NoAnswer,
    Planned,
    RateLimited,
    ServerError,
    ShuffledRows,
    SlowAnswer,
    TruncatedBody,
    WeightLimits,
)


def klines(venue: LocalVenue, limit: int = 20, timeout: float = 5) -> requests.Response:
    query = {"symbol": "BTCUSDT", "interval": "1m", "startTime": minute(0), "limit": limit}
    return requests.get(f"{venue.url}/api/v3/klines", params=query, timeout=timeout)


def opens(answer: requests.Response) -> list[int]:
    return [(row[0] - minute(0)) // MINUTE_MS for row in answer.json()]


class TestAnswers:
    @pytest.mark.parametrize("status", [429, 418])
    def test_a_limited_rate(self, venue: LocalVenue, client: Any, status: int) -> None:
        client.load_markets()
        venue.inject(RateLimited(status=status, retry_after_seconds=7), times=1)

        with pytest.raises(ccxt.DDoSProtection):
            client.fetch_ohlcv("BTC/USDT", "1m")
        assert client.last_response_headers["Retry-After"] == "7"
        assert len(client.fetch_ohlcv("BTC/USDT", "1m")) == 500

    @pytest.mark.parametrize(("status", "kind"), [(503, ccxt.ExchangeNotAvailable), (504, ccxt.RequestTimeout)])
    def test_an_error_of_the_server(self, venue: LocalVenue, client: Any, status: int, kind: type[Exception]) -> None:
        client.load_markets()
        venue.inject(ServerError(status=status), times=1)

        with pytest.raises(kind):
            client.fetch_ohlcv("BTC/USDT", "1m")
        assert len(client.fetch_ohlcv("BTC/USDT", "1m")) == 500

    def test_no_answer(self, venue: LocalVenue, client: Any) -> None:
        client.load_markets()
        client.timeout = 200
        venue.inject(NoAnswer(), times=1)

        with pytest.raises(ccxt.RequestTimeout):
            client.fetch_ohlcv("BTC/USDT", "1m")
        assert len(client.fetch_ohlcv("BTC/USDT", "1m")) == 500

    def test_no_answer_does_not_keep_the_venue_from_stopping(self, start: Start) -> None:
        venue = start()
        venue.inject(NoAnswer())
        with pytest.raises(requests.Timeout):
            klines(venue, timeout=0.1)

        stopping = threading.Thread(target=venue.stop, daemon=True)
        stopping.start()
        stopping.join(timeout=60)
        assert not stopping.is_alive()

    def test_no_answer_ends_with_the_connection(self, venue: LocalVenue) -> None:
        venue.inject(NoAnswer(seconds=0.05), times=1)

        with pytest.raises(requests.ConnectionError):
            klines(venue)

    def test_a_reset(self, venue: LocalVenue, client: Any) -> None:
        client.load_markets()
        venue.inject(ConnectionReset(), times=1)

        with pytest.raises(ccxt.NetworkError):
            client.fetch_ohlcv("BTC/USDT", "1m")
        assert len(client.fetch_ohlcv("BTC/USDT", "1m")) == 500
        venue.inject(ConnectionReset(), times=1)
        with pytest.raises(requests.ConnectionError, match="reset by peer"):
            klines(venue)

    def test_a_cut_answer(self, venue: LocalVenue, client: Any) -> None:
        client.load_markets()
        venue.inject(CutAnswer(share=0.4), times=1)

        with pytest.raises(ccxt.NetworkError):
            client.fetch_ohlcv("BTC/USDT", "1m")
        assert len(client.fetch_ohlcv("BTC/USDT", "1m")) == 500

    def test_a_slow_answer(self, venue: LocalVenue) -> None:
        venue.inject(SlowAnswer(seconds=0.15), times=1)

        begun = time.monotonic()
        assert opens(klines(venue)) == list(range(20))
        assert time.monotonic() - begun > 0.15

    def test_junk(self, venue: LocalVenue) -> None:
        venue.inject(JunkBody(), times=1)

        answer = klines(venue)
        assert answer.status_code == 200
        with pytest.raises(requests.JSONDecodeError):
            answer.json()

    def test_truncated_json(self, venue: LocalVenue) -> None:
        whole = klines(venue).text
        venue.inject(TruncatedBody(share=0.3), times=1)

        answer = klines(venue)
        assert answer.status_code == 200
        assert answer.text == whole[: int(0.3 * len(whole))]

    def test_rows_twice(self, venue: LocalVenue) -> None:
        venue.inject(DuplicatedRows(count=3), times=1)

        answer = opens(klines(venue))
        assert answer == sorted([*range(20), *(row for row in set(answer) if answer.count(row) == 2)])
        assert len(answer) == 23
        assert opens(klines(venue)) == list(range(20))

    def test_rows_out_of_order(self, venue: LocalVenue) -> None:
        venue.inject(ShuffledRows(), times=1)

        answer = opens(klines(venue))
        assert answer != list(range(20))
        assert sorted(answer) == list(range(20))

    def test_missing_rows(self, venue: LocalVenue) -> None:
        venue.inject(MissingRows(count=4), times=1)

        answer = opens(klines(venue))
        assert len(answer) == 16
        assert set(answer) < set(range(20))

    def test_a_clock_that_is_off_decides_what_has_closed(self, venue: LocalVenue, client: Any) -> None:
        venue.inject(ClockSkew(milliseconds=-3 * MINUTE_MS))

        assert client.fetch_time() == minute(3_997)
        assert client.fetch_ohlcv("BTC/USDT", "1m")[-1][0] == minute(3_997)
        venue.faults.clear()
        assert client.fetch_time() == minute(4_000)


class TestPlans:
    def test_after_times_and_on(self, start: Start) -> None:
        schedule = FaultSchedule((Planned(ServerError(), on="klines", after=2, times=2),))
        venue = start(faults=schedule)
        requests.get(f"{venue.url}/api/v3/time", timeout=30)

        assert [klines(venue).status_code for _ in range(6)] == [200, 200, 503, 503, 200, 200]
        assert venue.faults.struck() == [("klines", ServerError())] * 2

    def test_the_same_seed_gives_the_same_faults(self, start: Start) -> None:
        def statuses(seed: int) -> list[int]:
            venue = start(faults=FaultSchedule((Planned(ServerError(), probability=0.5),), seed=seed))
            return [klines(venue, limit=1).status_code for _ in range(40)]

        assert statuses(1) == statuses(1)
        assert statuses(1) != statuses(2)
        assert 8 < statuses(1).count(503) < 32

    @pytest.mark.parametrize(
        ("plan", "message"),
        [
            ({"fault": "gremlin"}, "unknown fault 'gremlin'. Known are: .*rate_limited"),
            ({"fault": "slow_answer", "milliseconds": 5}, "knows no milliseconds. Known are: .*seconds"),
            ({"fault": "slow_answer", "seconds": -1}, "accepted is 0 or more"),
            ({"fault": "slow_answer", "seconds": "long"}, "wrong kind"),
            ({"fault": "rate_limited", "status": 500}, "429 or 418"),
            ({"fault": "server_error", "status": 404}, "500 to 599"),
            ({"fault": "truncated_body", "share": 1.5}, "part of the whole"),
            ({"fault": "junk_body", "probability": 2}, "probability from 0 to 1"),
            ({"fault": "junk_body", "times": 0}, "times >= 1"),
        ],
    )
    def test_a_plan_is_checked_at_the_door(self, plan: dict[str, Any], message: str) -> None:
        with pytest.raises(ConfigurationError, match=message):
            Planned.of(plan)

    def test_a_plan_survives_its_mapping(self) -> None:
        plan = Planned(
            RateLimited(status=418, retry_after_seconds=None), on="klines", after=1, times=2, probability=0.5
        )

        assert Planned.of(plan.as_mapping()) == plan


class TestControl:
    def test_faults_are_switched_while_it_runs(self, venue: LocalVenue) -> None:
        control = f"{venue.url}/control/faults"
        planned = requests.post(control, json={"fault": "server_error", "on": "klines"}, timeout=30).json()

        assert planned == requests.get(control, timeout=30).json()
        assert planned[0]["fault"] == "server_error"
        assert klines(venue).status_code == 503
        assert requests.delete(control, timeout=30).json() == []
        assert klines(venue).status_code == 200

    def test_the_clock_is_set_while_it_runs(self, venue: LocalVenue) -> None:
        control = f"{venue.url}/control/clock"

        state = requests.post(control, json={"now_ms": minute(5), "advance_ms": 100, "skew_ms": 50}, timeout=30).json()
        assert state == {"now_ms": minute(5) + 100, "speed": 0, "skew_ms": 50}
        assert requests.get(control, timeout=30).json()["now_ms"] == venue.clock.now()

    def test_what_it_does_not_understand(self, venue: LocalVenue) -> None:
        for path, sent in (("faults", {"fault": "x"}), ("faults", 7), ("clock", {"year": 1}), ("clock", [])):
            answer = requests.post(f"{venue.url}/control/{path}", json=sent, timeout=30)
            assert answer.status_code == 400, sent
            assert "ccepted" in answer.json()["error"] or "nknown" in answer.json()["error"]
        assert requests.post(f"{venue.url}/control/faults", data="{", timeout=30).status_code == 400

    def test_the_overview(self, venue: LocalVenue) -> None:
        overview = requests.get(f"{venue.url}/control", timeout=30).json()

        assert overview["symbols"] == ["BTCUSDT", "XRPUSDT"]
        assert "1h" in overview["intervals"]


class TestLimits:
    def test_weights_are_counted_in_the_header(self, venue: LocalVenue, client: Any) -> None:
        client.load_markets()
        assert client.last_response_headers["X-MBX-USED-WEIGHT-1M"] == "20"
        client.fetch_ohlcv("BTC/USDT", "1m")
        assert client.last_response_headers["X-MBX-USED-WEIGHT-1M"] == "22"
        client.fetch_order_book("BTC/USDT", 1_000)
        assert client.last_response_headers["X-MBX-USED-WEIGHT-1M"] == "72"

    def test_too_much_is_refused_until_the_window_ends(self, start: Start) -> None:
        venue = start(limits=WeightLimits(weight=10, window_seconds=1))
        answers = [klines(venue) for _ in range(7)]

        refused = [answer for answer in answers if answer.status_code == 429]
        assert refused
        assert refused[0].headers["Retry-After"] == "1"
        assert refused[0].json()["code"] == -1003
        time.sleep(1.0)
        assert klines(venue).status_code == 200

    def test_who_does_not_stop_is_banned(self, start: Start) -> None:
        limits = WeightLimits(weight=2, window_seconds=60, tolerated_refusals=2, ban_seconds=0.5)
        venue = start(limits=limits)

        assert [klines(venue).status_code for _ in range(5)] == [200, 429, 429, 418, 418]
        answer = klines(venue)
        assert answer.headers["Retry-After"] == "1"
        assert "IP banned until" in answer.json()["msg"]


def same_candles(frame: pd.DataFrame, venue: LocalVenue, symbol: str, rows: slice) -> None:
    """The frame holds exactly these of the venue's candles."""
    truth = venue.candles(symbol, "1m")[rows]
    assert np.array_equal(to_milliseconds(frame["open_time"]), truth.open_time)
    for name in ("open", "high", "low", "close", "volume"):
        assert np.array_equal(frame[name].to_numpy(), getattr(truth, name)), name


class TestThroughTheGateway:
    def test_paging_over_everything_gives_the_truth(self, venue: LocalVenue) -> None:
        gateway = ExchangeGateway("binance", venue.ccxt_client())
        venue.clock.set(minute(3_600) + 1_000)

        candles = gateway.fetch_candles(["BTC/USDT", "XRP/USDT"], Timeframe("1m"), from_milliseconds([minute(0)])[0])

        for symbol, rows in candles.groupby("symbol"):
            same_candles(rows, venue, str(symbol), slice(0, 3_600))

    def test_and_so_it_does_when_things_go_wrong(self, venue: LocalVenue) -> None:
        gateway = ExchangeGateway("binance", venue.ccxt_client(), patience=Patience(first_pause_seconds=0.01))
        for fault, plan in (
            (RateLimited(retry_after_seconds=0), {"times": 1}),
            (ServerError(), {"after": 1, "times": 1}),
            (ConnectionReset(), {"after": 2, "times": 1}),
            (CutAnswer(), {"after": 2, "times": 1}),
            (DuplicatedRows(count=20), {}),
            (ShuffledRows(), {}),
        ):
            venue.inject(fault, on="klines", **plan)

        candles = gateway.fetch_candles(["BTC/USDT"], Timeframe("1m"), from_milliseconds([minute(0)])[0])

        same_candles(candles, venue, "BTC/USDT", slice(0, 4_000))
        assert {type(fault) for _, fault in venue.faults.struck()} >= {
            RateLimited,
            ServerError,
            ConnectionReset,
            CutAnswer,
        }
