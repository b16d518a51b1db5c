"""The reference of drift detection in one Parquet file, as a catalog entry."""

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from kedro.io import AbstractDataset

from algotrade.errors import DataError
from algotrade.monitoring.drift import Observations, Reference
from algotrade.monitoring.drift.packing import pack, unpack

_HEADER, _ARRAYS = b"algotrade.drift", b"algotrade.drift.arrays"
_CANDLE = "open_time"


class DriftReferenceDataset(AbstractDataset[Reference, Reference | None]):
    """A reference: a Parquet table of its sample, with everything else in the metadata of the file.

    The table has ``open_time`` and a column for each feature (float32). The metadata has the key ``algotrade.drift``
    (JSON: feature names and fingerprint, span, data digest, settings, thresholds) and ``algotrade.drift.arrays``
    (NumPy's npz, without pickles).

    Parameters
    ----------
    filepath : str
    metadata : mapping, optional
        For plug-ins such as kedro-viz.
    """

    def __init__(self, filepath: str, metadata: Mapping[str, Any] | None = None) -> None:
        self._path = Path(filepath)
        self.metadata = metadata

    def load(self) -> Reference | None:
        """Read the reference; None where there is none yet.

        Raises
        ------
        DataError
            If the file holds none, or one that this version cannot read.
        """
        import pyarrow as pa  # noqa: PLC0415 - heavy
        import pyarrow.parquet as pq  # noqa: PLC0415

        if not self._exists():
            return None
        try:
            table = pq.read_table(self._path)
            metadata = table.schema.metadata
            header = json.loads(metadata[_HEADER])
            with np.load(io.BytesIO(metadata[_ARRAYS]), allow_pickle=False) as stored:
                arrays = dict(stored)
            values = np.column_stack([table[name].to_numpy() for name in header["origin"]["names"]])
            candle = table[_CANDLE].cast(pa.int64()).to_numpy() // header["origin"]["timeframe_ms"]
            return unpack(header, arrays, Observations(candle, values))
        except (pa.ArrowException, KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
            raise DataError(
                f"{self._path} cannot be read as a drift reference ({error}). Remove it; "
                "`kedro run --pipeline drift` makes it anew."
            ) from error

    def save(self, data: Reference) -> None:
        """Write the reference, all of it or nothing."""
        import pyarrow as pa  # noqa: PLC0415
        import pyarrow.parquet as pq  # noqa: PLC0415

        header, arrays = pack(data)
        packed = io.BytesIO()
        np.savez_compressed(packed, allow_pickle=False, **arrays)
        times = pa.array(data.sample.candle * data.origin.timeframe_ms, pa.timestamp("ms", "UTC"))
        columns = zip(data.origin.names, data.sample.features.astype(np.float32).T, strict=True)
        table = pa.table({_CANDLE: times, **dict(columns)})
        draft = self._path.with_name(f".{self._path.name}.new")
        draft.parent.mkdir(parents=True, exist_ok=True)
        sealed = table.replace_schema_metadata({_HEADER: json.dumps(header), _ARRAYS: packed.getvalue()})
        pq.write_table(sealed, draft, compression="zstd")
        draft.replace(self._path)

    def _exists(self) -> bool:
        return self._path.is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._path)}
