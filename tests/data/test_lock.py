"""Two processes never hold the lock at once, and a dead one holds it no longer."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from algotrade.data.lock import FileLock
from algotrade.errors import DataError

HOLD = """
import sys, pathlib, time
from algotrade.data.lock import FileLock
lock = FileLock(pathlib.Path(sys.argv[1]))
lock.acquire("a training")
print("held", flush=True)
time.sleep(60)
"""


@contextmanager
def holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_another_process_is_locked_out_and_told_who_holds_it(tmp_path: Path):
    with holder(tmp_path / "lock") as process, pytest.raises(DataError) as caught:
        FileLock(tmp_path / "lock").acquire("another")
    assert "a training runs since 20" in str(caught.value)
    assert f"as process {process.pid} on " in str(caught.value)


def test_what_a_killed_process_has_left_locks_nobody_out(tmp_path: Path):
    with holder(tmp_path / "lock") as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert (tmp_path / "lock").read_text(), "the file is still there, and still says who held it"
        lock = FileLock(tmp_path / "lock")
        lock.acquire("another")
        lock.release()


def test_it_can_be_taken_again_once_it_is_free(tmp_path: Path):
    first, second = FileLock(tmp_path / "models" / "lock"), FileLock(tmp_path / "models" / "lock")
    first.acquire("one")
    with pytest.raises(DataError, match="one runs since"):
        second.acquire("two")
    first.release()
    second.acquire("two")
    second.release()
    second.release()


def test_an_unreadable_file_is_a_lock_all_the_same(tmp_path: Path):
    (tmp_path / "lock").write_text("not json")
    lock = FileLock(tmp_path / "lock")
    lock.acquire("one")
    (tmp_path / "lock").write_text("not json")
    with pytest.raises(DataError, match="another process holds it"):
        FileLock(tmp_path / "lock").acquire("two")
    lock.release()
