"""How often a caller may ask: one token bucket a caller, which all workers of the service share."""

import fcntl
import hashlib
import math
import mmap
import os
from pathlib import Path

import msgspec

from algotrade.inference.security.callers import Grant

_SLOTS = 4096
_NEIGHBOURS = 32


class Allowance(msgspec.Struct, frozen=True, gc=False):
    """What a request found in its bucket.

    Attributes
    ----------
    limit : int
        Tokens that the full bucket holds.
    remaining : int
        Tokens left after this request.
    reset : float
        Seconds until the bucket is full again.
    wait : int
        Seconds, rounded up, until there is a token; 0 where the request has got one.
    """

    limit: int
    remaining: int
    reset: float
    wait: int

    def headers(self) -> list[tuple[bytes, bytes]]:
        """The header fields of the answer."""
        return [
            (b"ratelimit-limit", b"%d" % self.limit),
            (b"ratelimit-remaining", b"%d" % self.remaining),
            (b"ratelimit-reset", b"%d" % math.ceil(self.reset)),
        ]


class RateLimits:
    r"""Token buckets in a small file that every worker maps into its memory.

    A bucket that holds ``burst`` tokens and gains ``rate`` a second is known by the time at which it will be full
    again, one number: a request moves that time ``1 / rate`` ahead and is refused if it would then be more than
    ``burst / rate`` away (the generic cell rate algorithm). The clock counts since the machine was started, alike
    for all processes.

    Two workers that ask for the same caller within the same microsecond may take one token for two requests: the limit
    is kept but for that, and no lock is needed. More than 4,096 callers at a time begin to share buckets, those
    that were idle longest first.

    Parameters
    ----------
    path : Path
        The file; made where it is missing.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Kept open: its lock is what tells two workers apart that look for a place.
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        os.ftruncate(self._file, 16 * _SLOTS)
        self._memory = mmap.mmap(self._file, 16 * _SLOTS)
        whole = memoryview(self._memory)
        self._full_at = whole[: 8 * _SLOTS].cast("d")
        self._owners = whole[8 * _SLOTS :].cast("Q")
        self._places: dict[str, int] = {}

    def take(self, grant: Grant, now: float) -> Allowance:
        """Take a token out of a caller's bucket, if there is one.

        Parameters
        ----------
        grant : Grant
        now : float
            Seconds of ``time.monotonic()``.
        """
        place = self._places.get(grant.quota)
        if place is None:
            place = self._find(grant.quota, now)
        rate, span = grant.rate, grant.burst / grant.rate
        full_at = self._full_at[place]
        # Far beyond what an empty bucket takes: written before the machine was started again.
        if not now < full_at <= now + 2 * span:
            full_at = now
        full_in = full_at - now + 1.0 / rate
        # A bucket of exactly n tokens is not to lose one to rounding.
        left = (span - full_in) * rate + 1e-6
        if left < 0:
            return Allowance(grant.burst, 0, full_at - now, max(1, math.ceil(full_in - span)))
        self._full_at[place] = now + full_in
        return Allowance(grant.burst, int(left), full_in, 0)

    def close(self) -> None:
        """Let go of the file."""
        self._full_at.release()
        self._owners.release()
        os.close(self._file)

    def _find(self, quota: str, now: float) -> int:
        """Place of a caller, the same in every worker; a new one where it has none."""
        owner = int.from_bytes(hashlib.blake2b(quota.encode(), digest_size=8).digest(), "little") or 1
        places = [(owner + step) % _SLOTS for step in range(_NEIGHBOURS)]
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            found = next((place for place in places if self._owners[place] in {0, owner}), None)
            if found is None:
                found = min(places, key=lambda place: self._full_at[place])
            if self._owners[found] != owner:
                self._owners[found], self._full_at[found] = owner, now
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)
        if len(self._places) >= _SLOTS:
            self._places.clear()
        self._places[quota] = found
        return found
