"""Records are put at the end of the chain, by one process at a time."""

import contextlib
import fcntl
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from algotrade.inference.audit_trail.record import GENESIS, Entry
from algotrade.inference.audit_trail.segments import SEGMENT_BYTES, last_record, number_of, segment, segments

_NEWLINE = b"\n"


@dataclass(frozen=True)
class _End:
    """Where the next record goes, and what it follows."""

    number: int
    size: int
    seq: int
    digest: str


class Chain:
    """The end of the log in a folder, which any number of processes lengthen.

    Each batch is written by one call under a lock on the folder, so records of several workers follow one another in
    one chain. A line that a crash has cut off stays as it is, and the next record follows the last whole one.

    Parameters
    ----------
    folder : Path
    segment_bytes : int
        Size from which on the next file is begun.
    """

    def __init__(self, folder: Path, segment_bytes: int = SEGMENT_BYTES) -> None:
        self.folder = folder
        self._segment_bytes = segment_bytes
        self._end: _End | None = None

    def append(self, entries: Sequence[Entry], *, sync: bool) -> None:
        """Write entries in their order, numbered and sealed.

        Parameters
        ----------
        entries : sequence of Entry
        sync : bool
            Whether to wait until the disk has them, not only the operating system.

        Raises
        ------
        OSError
            If they cannot be written; none of them is in the log then.
        """
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._write(entries, sync=sync)

    def _write(self, entries: Sequence[Entry], *, sync: bool) -> None:
        end = self._find_end()
        lines, seq, digest = [], end.seq, end.digest
        for entry in entries:
            seq += 1
            line, digest = entry.line(seq, digest)
            lines.append(line + _NEWLINE)
        content = b"".join(lines)
        self._end = None
        _write_whole(segment(self.folder, end.number), content, sync=sync)
        self._end = _End(end.number, end.size + len(content), seq, digest)

    def _find_end(self) -> _End:
        """Where the chain ends: as this process left it, or as the files say."""
        known = self._end
        if known is not None and not segment(self.folder, known.number + 1).exists():
            try:
                unchanged = segment(self.folder, known.number).stat().st_size == known.size
            except FileNotFoundError:
                unchanged = False
            if unchanged:
                return self._in_next(known)
        return self._in_next(self._read_end())

    def _in_next(self, end: _End) -> _End:
        """The same end, in a new file where the last one is large enough."""
        return _End(end.number + 1, 0, end.seq, end.digest) if end.size >= self._segment_bytes else end

    def _read_end(self) -> _End:
        found = segments(self.folder)
        for path in reversed(found):
            record = last_record(path)
            if record is not None:
                _mend(found[-1])
                return _End(number_of(found[-1]), found[-1].stat().st_size, record.seq, record.digest)
        if found:
            _mend(found[-1])
        return _End(number_of(found[-1]) if found else 1, found[-1].stat().st_size if found else 0, 0, GENESIS)


def _write_whole(path: Path, content: bytes, *, sync: bool) -> None:
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    before = os.fstat(file).st_size
    try:
        written = 0
        # A disk that is full takes a part first and refuses the rest.
        while written < len(content):
            written += os.write(file, content[written:])
        if sync:
            os.fsync(file)
    except OSError:
        # Nobody has been told that it is there; where it may not be taken back, it stays as a cut-off line.
        with contextlib.suppress(OSError):
            os.ftruncate(file, before)
        raise
    finally:
        os.close(file)


def _mend(path: Path) -> None:
    """End a line that a crash has cut off, so that the next record has a line of its own."""
    with path.open("rb+") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return
        file.seek(-1, os.SEEK_END)
        if file.read(1) != _NEWLINE:
            file.write(_NEWLINE)
