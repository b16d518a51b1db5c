"""Whether the audit log is as it was written: no record changed, left out, put in or moved."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from algotrade.inference.audit_trail.record import GENESIS, AuditRecord, is_sealed, parsed
from algotrade.inference.audit_trail.segments import number_of, segments


@dataclass(frozen=True)
class Verification:
    """What was found.

    Attributes
    ----------
    records : int
        Read until the end, or until the log breaks.
    first, last : AuditRecord, optional
        Between which the chain is whole; None where there is no record.
    breach : str
        Where and how the log is not as it was written; empty where it is.
    torn : tuple of str
        Lines that hold no record, as a crash in the middle of a write leaves them.
    """

    records: int
    first: AuditRecord | None
    last: AuditRecord | None
    breach: str
    torn: tuple[str, ...]

    @property
    def intact(self) -> bool:
        """Whether nothing was changed."""
        return not self.breach


def verify(folder: Path, expected: str | None = None) -> Verification:
    """Read the whole log of a folder and check every link.

    Whoever may write the files could write the whole chain anew, or cut off its end. That is found out by ``expected``,
    a digest noted elsewhere.

    Parameters
    ----------
    folder : Path
    expected : str, optional
        Digest of a record that has to be there.
    """
    found = segments(folder)
    torn: list[str] = []
    first = last = None
    count, breach, seen = 0, _missing_files(found), expected is None
    if not breach:
        for place, line in _lines(found):
            record = parsed(line)
            if record is None:
                torn.append(place)
                continue
            breach = _fault(line, record, last, archived=number_of(found[0]) > 1)
            if breach:
                breach = f"{place}: {breach}"
                break
            first, last, count = first or record, record, count + 1
            seen = seen or record.digest == expected
    if not breach and not seen:
        breach = f"no record has the digest {expected}: the log was cut off before it, or written anew"
    return Verification(count, first, last, breach, tuple(torn))


def _lines(found: list[Path]) -> Iterator[tuple[str, bytes]]:
    for path in found:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if not line.endswith(b"\n"):
                    # Still being written, or cut off by a crash, which the next record will show.
                    return
                yield f"{path.name} line {number}", line.rstrip(b"\n")


def _fault(line: bytes, record: AuditRecord, before: AuditRecord | None, *, archived: bool) -> str:
    """What is wrong with a record, in words; empty where nothing is."""
    if not is_sealed(line):
        return f"record {record.seq} was changed: its digest is not that of its content"
    if before is None:
        if not archived and (record.seq != 1 or record.previous != GENESIS):
            return f"the log begins with record {record.seq}: earlier ones are missing"
    elif record.seq != before.seq + 1:
        return f"record {record.seq} follows record {before.seq}: there are records missing, or moved"
    elif record.previous != before.digest:
        return f"record {record.seq} does not follow the record {before.seq} that is here: that one was replaced"
    return ""


def _missing_files(found: list[Path]) -> str:
    numbers = [number_of(path) for path in found]
    gaps = sorted(set(range(numbers[0], numbers[-1])) - set(numbers)) if numbers else []
    return f"audit-{gaps[0]:06d}.jsonl is missing" if gaps else ""
