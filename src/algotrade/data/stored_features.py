"""The feature frame of the run before, asked for what need not be computed again."""

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from pyarrow import parquet

from algotrade.domain.candles import FloatArray

SeriesDigests = Mapping[str, Mapping[str, str]]

logger = logging.getLogger(__name__)


class StoredFeatures:
    """A feature frame in a Parquet file and the specification beside it; either may not be there yet.

    Parameters
    ----------
    frame, specification : Path
    """

    def __init__(self, frame: Path, specification: Path) -> None:
        self._frame = frame
        self._specification = specification

    def unchanged(self, digests: SeriesDigests) -> dict[tuple[str, str], FloatArray]:
        """Values by feature name and symbol, of every series whose digest is the same as it was.

        Only the columns that hold one are read.

        Parameters
        ----------
        digests : mapping of mapping of str
            As :func:`~algotrade.features.lineage.series_digests` gives them.
        """
        before = self._digests()
        same = {
            name: [symbol for symbol, digest in of_symbol.items() if before.get(name, {}).get(symbol) == digest]
            for name, of_symbol in digests.items()
        }
        names = [name for name, symbols in same.items() if symbols]
        if not names:
            return {}
        table = parquet.read_table(self._frame, columns=["symbol", *names])
        rows = _rows_by_symbol(np.asarray(table["symbol"].to_numpy(zero_copy_only=False)))
        values = {name: np.asarray(table[name].to_numpy(), dtype=np.float64) for name in names}
        logger.info("%d of %d feature series are as they were", sum(map(len, same.values())), _count(digests))
        return {(name, symbol): values[name][rows[symbol]] for name in names for symbol in same[name]}

    def _digests(self) -> SeriesDigests:
        """Digests of the stored series; none where the frame is not the one that the specification is about."""
        if not (self._frame.is_file() and self._specification.is_file()):
            return {}
        specification: dict[str, Any] = json.loads(self._specification.read_text())
        return specification.get("series", {}) if self._belongs(specification) else {}

    def _belongs(self, specification: Mapping[str, Any]) -> bool:
        # The two files are written one after the other, and a run may end between them.
        attributes = json.loads((parquet.read_schema(self._frame).metadata or {}).get(b"PANDAS_ATTRS", b"{}"))
        return bool(attributes.get("lineage", {}).get("series_digest") == specification.get("series_digest"))


def _rows_by_symbol(symbols: Any) -> dict[str, slice]:
    """Where each symbol's rows lie in a frame that is sorted by symbol."""
    names, starts, counts = np.unique(symbols, return_index=True, return_counts=True)
    return {
        str(name): slice(int(start), int(start + count))
        for name, start, count in zip(names, starts, counts, strict=True)
    }


def _count(digests: SeriesDigests) -> int:
    return sum(map(len, digests.values()))
