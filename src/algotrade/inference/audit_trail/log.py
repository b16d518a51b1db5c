"""The audit log as auditors read it: page by page, the newest records first."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from algotrade.inference.audit_trail.record import AuditRecord, parsed
from algotrade.inference.audit_trail.segments import segments

_BLOCK = 65_536


@dataclass(frozen=True)
class AuditLog:
    """The log in a folder, as far as it is written.

    Attributes
    ----------
    folder : Path
    """

    folder: Path

    def page(self, limit: int, before: int | None = None) -> tuple[AuditRecord, ...]:
        """The newest records, or the newest before one of them.

        Parameters
        ----------
        limit : int
            How many, at most.
        before : int, optional
            ``seq`` of the oldest record that is known already.
        """
        found: list[AuditRecord] = []
        for record in self._backwards(before):
            if len(found) == limit:
                break
            found.append(record)
        return tuple(found)

    def _backwards(self, before: int | None) -> Iterator[AuditRecord]:
        for path in reversed(segments(self.folder)):
            with path.open("rb") as file:
                end = file.seek(0, os.SEEK_END) if before is None else _offset_of(file, before)
                for line in _lines_backwards(file, end):
                    record = parsed(line)
                    if record is not None and (before is None or record.seq < before):
                        yield record


def _lines_backwards(file: BinaryIO, end: int) -> Iterator[bytes]:
    """Whole lines before a position, the last one first."""
    rest = b""
    while end > 0:
        start = max(0, end - _BLOCK)
        file.seek(start)
        first, *others = (file.read(end - start) + rest).split(b"\n")
        yield from (line for line in reversed(others) if line)
        rest, end = first, start
    if rest:
        yield rest


def _offset_of(file: BinaryIO, seq: int) -> int:
    """Where the line of a record begins, or that of the first one after it; found by halving."""
    low, high = 0, file.seek(0, os.SEEK_END)
    while low < high:
        middle = (low + high) // 2
        start, record = _first_after(file, middle)
        if record is None or record.seq >= seq:
            high = middle
        else:
            low = start + 1
    return _first_after(file, low)[0]


def _first_after(file: BinaryIO, position: int) -> tuple[int, AuditRecord | None]:
    """The first record whose line begins at a position or after it, and where that is."""
    if position:
        file.seek(position - 1)
        file.readline()
    else:
        file.seek(0)
    while True:
        start = file.tell()
        line = file.readline()
        if not line:
            return start, None
        record = parsed(line.rstrip(b"\n"))
        if record is not None:
            return start, record
