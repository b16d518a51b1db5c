"""Feature vectors as bytes: a header that a script can read, then the rows, newest first.

::

    header    schema version, rows, features (uint32 each), newest open time (int64), digest of the fingerprint (12)
    rows      open time (int64) and values (float64), newest first, so that the last few are the beginning

All numbers are little-endian.
"""

import hashlib
import struct
from dataclasses import dataclass

import numpy as np

from algotrade.data.online_store.vectors import FeatureVectors
from algotrade.errors import StoreError

SCHEMA_VERSION = 3
HEADER = struct.Struct("<IIIq12s")


@dataclass(frozen=True)
class Header:
    """What the first bytes say of the rest."""

    rows: int
    features: int
    newest_time_ms: int
    digest: bytes

    @classmethod
    def read(cls, symbol: str, packed: bytes) -> "Header":
        """Header of packed vectors.

        Raises
        ------
        StoreError
            If another version of algotrade wrote them or bytes are missing.
        """
        if len(packed) < HEADER.size:
            raise _damaged(symbol)
        version, *fields = HEADER.unpack_from(packed)
        if version != SCHEMA_VERSION:
            raise StoreError(
                f"The online features of {symbol} have schema version {version}; this algotrade reads version "
                f"{SCHEMA_VERSION}. Run `kedro run` with this version to publish them again."
            )
        return cls(*fields)


def pack(vectors: FeatureVectors, fingerprint: str) -> bytes:
    """Header and rows of ``vectors``; :func:`unpack` gives back the very same bits."""
    rows, width = vectors.values.shape
    # Whole numbers throughout: copying floats may change the bits of a NaN.
    block = np.empty((rows, 1 + width), dtype="<i8")
    block[:, 0] = vectors.open_time_ms[::-1]
    block[:, 1:] = np.ascontiguousarray(vectors.values, dtype="<f8").view("<i8")[::-1]
    header = HEADER.pack(SCHEMA_VERSION, rows, width, int(vectors.open_time_ms[-1]), digest_of(fingerprint))
    return header + block.tobytes()


def unpack(symbol: str, packed: bytes, most: int | None = None) -> FeatureVectors:
    """Vectors that :func:`pack` wrote, or the newest ``most`` rows where that is all that was read.

    Raises
    ------
    StoreError
        If another version of algotrade wrote them or bytes are missing.
    """
    header = Header.read(symbol, packed)
    rows = header.rows if most is None else min(most, header.rows)
    if len(packed) != HEADER.size + 8 * rows * (1 + header.features):
        raise _damaged(symbol)
    block = np.frombuffer(packed, dtype="<i8", offset=HEADER.size).reshape(rows, 1 + header.features)[::-1]
    values = np.ascontiguousarray(block[:, 1:]).view("<f8")
    return FeatureVectors(symbol, np.ascontiguousarray(block[:, 0]), values)


def digest_of(fingerprint: str) -> bytes:
    """Twelve bytes that stand for a fingerprint."""
    return hashlib.sha256(fingerprint.encode()).digest()[:12]


def _damaged(symbol: str) -> StoreError:
    return StoreError(f"The online features of {symbol} are damaged. Run `kedro run` to publish them again.")
