"""The audit log is appended to, by several workers and after crashes, and shows whatever was done to it."""

import json
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from algotrade.inference.audit_trail import AuditLog, AuditTrail, verify
from algotrade.inference.audit_trail import log as log_module
from algotrade.inference.audit_trail.chain import Chain
from algotrade.inference.audit_trail.record import Entry, parsed
from algotrade.inference.audit_trail.segments import segment, segments
from algotrade.inference.audit_trail.trail import GATHER_SECONDS
from algotrade.inference.security import Caller, Role

DESK = Caller("desk", Role.TRADER, "k1")


def entry(number: int, detail: str = "") -> Entry:
    return Entry(datetime.now(UTC), 1, "desk", "trader", "k1", "POST /predict", "200", f"request-{number}", detail)


def filled(folder: Path, count: int = 6, segment_bytes: int = 10**9) -> Path:
    chain = Chain(folder, segment_bytes)
    for number in range(1, count + 1):
        chain.append([entry(number)], sync=False)
    return segment(folder, 1)


class TestRecords:
    def test_say_who_did_what_when_and_how_it_ended(self, tmp_path: Path) -> None:
        trail = AuditTrail(tmp_path)
        before = datetime.now(UTC)
        trail.record(DESK, "POST /predict", "200", "r1", "BTC/USDT")
        trail.record(DESK, "GET /models", "403", "r2")
        trail.close()
        newest, oldest = trail.log.page(10)
        assert (oldest.caller, oldest.role, oldest.key_id, oldest.worker) == ("desk", "trader", "k1", os.getpid())
        assert (oldest.action, oldest.outcome, oldest.request_id, oldest.detail) == (
            "POST /predict",
            "200",
            "r1",
            "BTC/USDT",
        )
        assert before <= datetime.fromisoformat(oldest.time) <= datetime.now(UTC)
        assert (oldest.seq, newest.seq, newest.previous) == (1, 2, oldest.digest)
        assert segment(tmp_path, 1).stat().st_mode & 0o777 == 0o600

    def test_are_written_soon_and_durable_ones_before_the_answer(self, tmp_path: Path) -> None:
        trail = AuditTrail(tmp_path)
        trail.record(DESK, "POST /predict", "200")
        trail.record_durably(DESK, "POST /admin/reload", "begun", "r").result(timeout=30)
        assert [each.outcome for each in trail.log.page(5)] == ["begun", "200"]
        trail.record(DESK, "POST /predict", "200")
        until = time.monotonic() + 60
        while len(trail.log.page(5)) < 3:
            assert time.monotonic() < until
            time.sleep(0.01)
        trail.close()

    def test_of_many_threads_are_all_there_in_one_chain(self, tmp_path: Path) -> None:
        trail = AuditTrail(tmp_path)
        threads = [
            threading.Thread(target=lambda: [trail.record(DESK, "POST /predict", "200") for _ in range(500)])
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        trail.close()
        assert (verify(tmp_path).records, verify(tmp_path).breach) == (2000, "")

    def test_that_never_cease_are_gathered_all_the_same(self, tmp_path: Path) -> None:
        class Busy(Chain):
            appended = 0

            def append(self, entries, *, sync):
                super().append(entries, sync=sync)
                self.appended += 1
                if not ended:
                    trail.record(DESK, "POST /predict", "200")

        ended = False
        chain = Busy(tmp_path)
        trail = AuditTrail(tmp_path, chain)
        begun = time.monotonic()
        trail.record(DESK, "POST /predict", "200")
        time.sleep(0.5)
        appended, seconds = chain.appended, time.monotonic() - begun
        ended = True
        trail.close()
        assert 1 < appended <= seconds / GATHER_SECONDS + 1

    def test_long_text_is_cut(self, tmp_path: Path) -> None:
        trail = AuditTrail(tmp_path)
        trail.record(DESK, "POST /predict", "200", "r" * 10_000, 'quote " and \n line \u2028 é')
        trail.close()
        (found,) = trail.log.page(1)
        assert (len(found.request_id), found.detail) == (500, 'quote " and \n line \u2028 é')
        assert verify(tmp_path).intact

    def test_too_many_to_be_written_are_announced(self, tmp_path: Path, monkeypatch) -> None:
        class Stuck(Chain):
            def append(self, entries, *, sync):
                released.wait(60)
                super().append(entries, sync=sync)

        released = threading.Event()
        trail = AuditTrail(tmp_path, Stuck(tmp_path))
        monkeypatch.setattr("algotrade.inference.audit_trail.trail._MOST_WAITING", 10)
        assert trail.why_unwritable == ""
        for _ in range(10):
            trail.record(DESK, "POST /predict", "200")
        assert "too slowly" in trail.why_unwritable
        released.set()
        trail.close()
        assert (trail.why_unwritable, verify(tmp_path).records) == ("", 10)


class TestTheChain:
    def test_goes_on_after_a_restart_and_into_the_next_file(self, tmp_path: Path) -> None:
        filled(tmp_path, 5, segment_bytes=600)
        filled(tmp_path, 5, segment_bytes=600)
        found = verify(tmp_path)
        assert (found.records, found.breach, len(segments(tmp_path)) > 2) == (10, "", True)
        assert found.last is not None
        assert found.last.seq == 10
        segments(tmp_path)[0].unlink()
        archived = verify(tmp_path)
        assert archived.intact
        assert archived.first is not None
        assert archived.first.seq > 1

    @pytest.mark.parametrize("cut", [1, 10, 200])
    def test_passes_over_what_a_crash_has_cut_off(self, tmp_path: Path, cut: int) -> None:
        path = filled(tmp_path, 3)
        path.write_bytes(path.read_bytes()[:-cut])
        filled(tmp_path, 2)
        found = verify(tmp_path)
        # A cut that took nothing but the end of the line has left the record whole.
        whole = 5 if cut == 1 else 4
        assert (found.records, found.breach, len(found.torn)) == (whole, "", 0 if cut == 1 else 1)

    def test_is_verified_while_it_is_written(self, tmp_path: Path) -> None:
        path = filled(tmp_path, 3)
        line, _ = entry(4).line(4, AuditLog(tmp_path).page(1)[0].digest)
        with path.open("ab") as file:
            file.write(line[:100])
        found = verify(tmp_path)
        assert (found.records, found.breach, found.torn) == (3, "", ())
        assert [record.seq for record in AuditLog(tmp_path).page(2)] == [3, 2]

    def test_takes_back_what_a_full_disk_has_cut_off(self, tmp_path: Path, monkeypatch) -> None:
        chain, path = Chain(tmp_path), filled(tmp_path, 2)
        before, write = path.read_bytes(), os.write
        monkeypatch.setattr(os, "write", lambda file, content: _full(write, file, content))
        with pytest.raises(OSError, match="No space"):
            chain.append([entry(1), entry(2)], sync=True)
        assert path.read_bytes() == before
        monkeypatch.undo()
        chain.append([entry(1), entry(2)], sync=True)
        assert verify(tmp_path).records == 4

    def test_is_one_for_several_workers(self, tmp_path: Path) -> None:
        context = multiprocessing.get_context("spawn")
        workers = [context.Process(target=_work, args=(tmp_path, 300)) for _ in range(3)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(60)
        found = verify(tmp_path)
        assert (found.records, found.breach, found.torn) == (900, "", ())
        assert len({record.worker for record in AuditLog(tmp_path).page(900)}) == 3

    def test_survives_a_worker_that_is_killed(self, tmp_path: Path) -> None:
        context = multiprocessing.get_context("spawn")
        victim = context.Process(target=_work, args=(tmp_path, 10**9))
        victim.start()
        until = time.monotonic() + 60
        while len(AuditLog(tmp_path).page(200)) < 200:
            assert time.monotonic() < until
            time.sleep(0.01)
        assert victim.pid is not None
        os.kill(victim.pid, signal.SIGKILL)
        victim.join()
        trail = AuditTrail(tmp_path)
        trail.record(DESK, "GET /health", "200")
        trail.close()
        assert verify(tmp_path).breach == ""
        assert trail.log.page(1)[0].action == "GET /health"


def _work(folder: Path, count: int) -> None:
    trail = AuditTrail(folder)
    for number in range(count):
        trail.record(DESK, "POST /predict", "200", str(number))
        if number % 50 == 0:
            time.sleep(0.005)
    trail.close()


def _full(write: Callable[[int, bytes], int], file: int, content: bytes) -> int:
    if len(content) < 400:
        raise OSError(28, "No space left on device")
    return write(file, content[: len(content) - 100])


def _swap(lines: list[bytes]) -> list[bytes]:
    return [lines[0], lines[2], lines[1], *lines[3:]]


@pytest.mark.parametrize(
    ("tamper", "words"),
    [
        (lambda lines: [*lines[:2], lines[2].replace(b"200", b"403"), *lines[3:]], "record 3 was changed"),
        (lambda lines: [*lines[:2], lines[2].replace(b'"seq":3', b'"seq": 3'), *lines[3:]], "record 3 was changed"),
        (lambda lines: [*lines[:2], *lines[3:]], "record 4 follows record 2"),
        (lambda lines: lines[1:], "begins with record 2"),
        (_swap, "record 3 follows record 1"),
        (lambda lines: [*lines[:3], lines[2], *lines[3:]], "record 3 follows record 3"),
    ],
)
def test_what_was_tampered_with_is_found_where_it_is(tmp_path: Path, tamper, words: str) -> None:
    path = filled(tmp_path)
    path.write_bytes(b"\n".join(tamper(path.read_bytes().splitlines())) + b"\n")
    found = verify(tmp_path)
    assert not found.intact
    assert words in found.breach
    assert "audit-000001.jsonl line" in found.breach


def test_a_record_that_was_sealed_anew_does_not_fit_in(tmp_path: Path) -> None:
    path = filled(tmp_path)
    lines = path.read_bytes().splitlines()
    third = json.loads(lines[2])
    lines[2], _ = entry(99).line(3, third["previous"])
    path.write_bytes(b"\n".join(lines) + b"\n")
    assert "record 4 does not follow the record 3 that is here" in verify(tmp_path).breach


def test_a_digest_noted_elsewhere_shows_that_the_end_was_cut_off_or_all_was_written_anew(tmp_path: Path) -> None:
    path = filled(tmp_path)
    noted = AuditLog(tmp_path).page(1)[0].digest
    assert verify(tmp_path, noted).intact
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:4]))
    assert verify(tmp_path).intact
    assert noted in verify(tmp_path, noted).breach
    path.unlink()
    filled(tmp_path)
    assert not verify(tmp_path, noted).intact


def test_a_file_in_the_middle_is_missed(tmp_path: Path) -> None:
    filled(tmp_path, 9, segment_bytes=600)
    segment(tmp_path, 2).unlink()
    assert verify(tmp_path).breach == "audit-000002.jsonl is missing"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_changed_byte_is_overlooked(tmp_path: Path, data: st.DataObject) -> None:
    path = segment(tmp_path, 1)
    if not path.exists():
        filled(tmp_path)
    good = path.read_bytes()
    noted = AuditLog(tmp_path).page(1)[0].digest
    place = data.draw(st.integers(0, len(good) - 2))
    changed = bytearray(good)
    changed[place] = data.draw(st.integers(0, 255).filter(lambda byte: byte != good[place]))
    path.write_bytes(bytes(changed))
    try:
        assert not verify(tmp_path, noted).intact
    finally:
        path.write_bytes(good)


class TestPages:
    @pytest.mark.parametrize("segment_bytes", [600, 10**9])
    def test_put_together_are_the_log(self, tmp_path: Path, segment_bytes: int) -> None:
        filled(tmp_path, 40, segment_bytes)
        log, seen, before = AuditLog(tmp_path), [], None
        while page := log.page(7, before):
            assert len(page) <= 7
            seen += [record.seq for record in page]
            before = page[-1].seq
        assert seen == list(range(40, 0, -1))
        assert log.page(3, 1) == ()
        assert [record.seq for record in log.page(2, 1000)] == [40, 39]
        assert [record.seq for record in log.page(2, 21)] == [20, 19]

    def test_of_no_log_are_empty(self, tmp_path: Path) -> None:
        assert AuditLog(tmp_path / "none").page(5) == ()
        assert verify(tmp_path / "none").intact

    def test_far_back_are_found_without_reading_all(self, tmp_path: Path, monkeypatch) -> None:
        chain = Chain(tmp_path)
        for first in range(0, 20_000, 500):
            chain.append([entry(first + number, "x" * 100) for number in range(500)], sync=False)
        read = []
        monkeypatch.setattr(log_module, "parsed", lambda line: read.append(line) or parsed(line))
        assert [record.seq for record in AuditLog(tmp_path).page(3, 101)] == [100, 99, 98]
        assert len(read) < 1_000
