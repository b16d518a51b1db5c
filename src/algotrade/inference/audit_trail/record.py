"""One line of the audit log, and the digest that ties it to the line before."""

import hashlib
from datetime import datetime

import msgspec

GENESIS = "0" * 64
"""What the first record of all names as its predecessor."""
_DIGEST_FIELD = b',"digest":"'
_LINE_END = b'"}'
_HEX_DIGITS = 64

_encode = msgspec.json.Encoder().encode


class AuditRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who did what, when, and how it ended.

    Attributes
    ----------
    seq : int
        Counts all records from 1.
    time : str
        When the action ended (UTC, as in ``2024-01-31T12:00:00.123456Z``).
    worker : int
        Process that served it.
    caller, role, key_id : str
        Who; never a key.
    action : str
        Method and endpoint, as the contract writes it.
    outcome : str
        Status of the answer; ``begun`` where a change of the models is announced, ``unanswered`` where the client or
        the worker went away.
    request_id : str
        The one that the answer and the service's log name.
    detail : str
        What the endpoint told.
    previous : str
        Digest of the record before.
    digest : str
        SHA-256 of the line up to it.
    """

    seq: int
    time: str
    worker: int
    caller: str
    role: str
    key_id: str
    action: str
    outcome: str
    request_id: str
    detail: str
    previous: str
    digest: str


class Entry(msgspec.Struct, frozen=True, gc=False):
    """A record before it has its place in the chain: the fields between its number and its predecessor."""

    time: datetime
    worker: int
    caller: str
    role: str
    key_id: str
    action: str
    outcome: str
    request_id: str
    detail: str

    def line(self, seq: int, previous: str) -> tuple[bytes, str]:
        """The line of the file, without its end, and its digest."""
        content = b'{"seq":%d,%b,"previous":"%b"' % (seq, _encode(self)[1:-1], previous.encode())
        digest = hashlib.sha256(content).hexdigest()
        return b"%b%b%b%b" % (content, _DIGEST_FIELD, digest.encode(), _LINE_END), digest


_decode = msgspec.json.Decoder(AuditRecord).decode


def is_sealed(line: bytes) -> bool:
    """Whether a line has the digest that it says.

    Every byte counts, so a record written in another way, with the same meaning, is none.
    """
    content, digest = line[: -_HEX_DIGITS - len(_LINE_END)], line[-_HEX_DIGITS - len(_LINE_END) :]
    if not content.endswith(_DIGEST_FIELD) or not digest.endswith(_LINE_END):
        return False
    return hashlib.sha256(content[: -len(_DIGEST_FIELD)]).hexdigest().encode() == digest[:_HEX_DIGITS]


def parsed(line: bytes) -> AuditRecord | None:
    """Record of a line; None where it is none."""
    try:
        return _decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
