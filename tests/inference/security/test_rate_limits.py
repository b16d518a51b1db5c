"""A caller asks as often as its key says, however many workers serve it, and is told where it stands."""

import asyncio
import math
import multiprocessing
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from algotrade.inference.security import Caller, Grant, Role
from algotrade.inference.security.rate_limits import _SLOTS, RateLimits

from .desk import Desk


def grant(rate: float, burst: int, quota: str = "key:a") -> Grant:
    return Grant(Caller("desk", Role.TRADER, "a"), math.inf, rate, burst, quota)


@pytest.fixture
def limits(tmp_path: Path):
    made = RateLimits(tmp_path / "quotas")
    yield made
    made.close()


def test_a_full_bucket_gives_its_burst_and_then_the_rate(limits: RateLimits) -> None:
    terms, start = grant(10.0, 5), 1000.0
    assert [limits.take(terms, start).remaining for _ in range(5)] == [4, 3, 2, 1, 0]
    refused = limits.take(terms, start)
    assert (refused.remaining, refused.wait, math.ceil(refused.reset)) == (0, 1, 1)
    assert limits.take(terms, start + 0.09).wait == 1
    assert limits.take(terms, start + 0.1).wait == 0
    assert limits.take(terms, start + 0.1).wait == 1
    assert [limits.take(terms, start + 9).remaining for _ in range(5)] == [4, 3, 2, 1, 0]


@given(
    rate=st.floats(0.1, 1000),
    burst=st.integers(1, 50),
    pauses=st.lists(st.floats(0, 3), min_size=1, max_size=80),
)
def test_no_span_of_time_sees_more_than_burst_and_rate(tmp_path_factory, rate: float, burst: int, pauses: list) -> None:
    limits = RateLimits(tmp_path_factory.mktemp("limits") / "quotas")
    terms, now, admitted = grant(rate, burst), 50.0, []
    for pause in pauses:
        now += pause
        found = limits.take(terms, now)
        assert 0 <= found.remaining < burst
        assert found.reset <= burst / rate + 1e-6
        if not found.wait:
            admitted.append(now)
    limits.close()
    for first, begin in enumerate(admitted):
        for count, end in enumerate(admitted[first:], start=1):
            assert count <= burst + rate * (end - begin) + 1e-3


def test_callers_do_not_take_from_one_another(limits: RateLimits) -> None:
    for number in range(300):
        assert limits.take(grant(1.0, 1, f"key:{number}"), 10.0).wait == 0
    assert limits.take(grant(1.0, 1, "key:7"), 10.0).wait == 1


def test_more_callers_than_places_are_served_in_bounded_memory(limits: RateLimits) -> None:
    for number in range(2 * _SLOTS):
        assert limits.take(grant(1.0, 2, f"token:{number}"), 10.0 + number).wait == 0
    assert len(limits._places) <= _SLOTS


def test_a_clock_that_began_anew_locks_nobody_out(limits: RateLimits) -> None:
    terms = grant(1.0, 3)
    assert limits.take(terms, 1e9).wait == 0
    assert limits.take(terms, 5.0).remaining == 2


def _ask(path: Path, together, answers) -> None:
    limits = RateLimits(path)
    together.wait(60)
    answers.put(sum(limits.take(grant(1.0, 400), time.monotonic()).wait == 0 for _ in range(400)))


def test_workers_share_the_bucket(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    together = context.Barrier(2)
    workers = [context.Process(target=_ask, args=(tmp_path / "quotas", together, answers)) for _ in range(2)]
    for worker in workers:
        worker.start()
    given_out = sum(answers.get(timeout=60) for _ in workers)
    for worker in workers:
        worker.join()
    # Each of the two asks 400 times: with buckets of their own it would be 800. Where both ask at once, with nothing
    # between two questions as here, every tenth token or so is taken twice.
    assert 400 <= given_out <= 600


def test_the_headers_say_where_the_caller_stands(desk: Desk) -> None:
    key = desk.key(rate=2.0)
    other = desk.key()
    desk.open()

    async def ask(key: str, count: int) -> list:
        async with desk.client() as client:
            return [await client.post("/predict", headers={"x-api-key": key}) for _ in range(count)]

    answers = asyncio.run(ask(key, 4))
    assert [each.status_code for each in answers[:3]] == [200, 200, 429]
    assert [each.headers["ratelimit-remaining"] for each in answers[:3]] == ["1", "0", "0"]
    for each in answers:
        assert each.headers["ratelimit-limit"] == "2"
        assert each.headers["ratelimit-reset"] == "1"
    assert answers[2].headers["retry-after"] == "1"
    assert answers[2].json()["code"] == "rate_limited"
    assert [each.status_code for each in asyncio.run(ask(other, 3))] == [200] * 3
    assert desk.refusals[0] == "rate_limited"
    assert len(desk.app.asked) == 5
