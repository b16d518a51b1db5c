"""The files of the audit log: each takes records until it is large enough, and is never touched again."""

import os
import re
from pathlib import Path

from algotrade.inference.audit_trail.record import AuditRecord, is_sealed, parsed

SEGMENT_BYTES = 64_000_000
_NAME = re.compile(r"audit-(\d{6,})\.jsonl")
_BLOCK = 8192


def segments(folder: Path) -> list[Path]:
    """The files there are, in the order of their records."""
    found = [(int(match[1]), path) for path in folder.glob("audit-*.jsonl") if (match := _NAME.fullmatch(path.name))]
    return [path for _, path in sorted(found)]


def number_of(segment: Path) -> int:
    """Its place among all that there ever were, from 1."""
    match = _NAME.fullmatch(segment.name)
    return int(match[1]) if match else 0


def segment(folder: Path, number: int) -> Path:
    """File of a number."""
    return folder / f"audit-{number:06d}.jsonl"


def last_record(path: Path) -> AuditRecord | None:
    """The newest whole record of a file; what a crash has left of one is passed over."""
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        tail = b""
        while end > 0:
            start = max(0, end - _BLOCK)
            file.seek(start)
            tail = file.read(end - start) + tail
            end = start
            # The first piece is whole only at the beginning of the file.
            for line in reversed(tail.split(b"\n")[0 if start == 0 else 1 :]):
                if line and is_sealed(line):
                    return parsed(line)
    return None
