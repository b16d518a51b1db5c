"""Frames as MLflow datasets: name, digest, source, schema and size, without the data itself.

Imported only where MLflow runs: it is heavy.
"""

import hashlib
import json
import warnings
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import mlflow
import pandas as pd
from mlflow.data.dataset_source_registry import resolve_dataset_source
from mlflow.data.pandas_dataset import PandasDataset

_LONGEST_DIGEST = 36
_LONGEST_TAG = 500
# MLflow infers the type of a column from every value of it: minutes for a feature frame.
_ROWS_FOR_SCHEMA = 64


class LoggedFrame(PandasDataset):
    """A frame whose schema is read off its first rows; nothing of it is copied or hashed.

    Parameters
    ----------
    frame : DataFrame
        With ``attrs["lineage"]``.
    name : str
        Of the catalog entry.
    path : str
        Where it is kept.
    """

    def __init__(self, frame: pd.DataFrame, name: str, path: str) -> None:
        self._size = {"num_rows": len(frame), "num_elements": int(frame.size)}
        with warnings.catch_warnings():
            # MLflow has registered the same kind of source twice and says so.
            warnings.filterwarnings("ignore", "The specified dataset source can be interpreted", UserWarning)
            source = resolve_dataset_source(path)
        super().__init__(frame.head(_ROWS_FOR_SCHEMA), source, name=name, digest=digest_of(frame.attrs["lineage"]))

    @cached_property
    def profile(self) -> dict[str, int]:
        """Rows and cells of the whole frame."""
        return self._size


def log_frame(frame: pd.DataFrame, name: str, path: str) -> None:
    """Log a frame with a lineage as an input of the active run."""
    lineage = frame.attrs["lineage"]
    mlflow.log_input(LoggedFrame(frame, name, path), context="training", tags=_tags(lineage))


def digest_of(lineage: Mapping[str, Any]) -> str:
    """The candles' own digest where they are all that went in, else one of the whole lineage; 36 digits."""
    if lineage.keys() == {"data_digest"}:
        return str(lineage["data_digest"])[:_LONGEST_DIGEST]
    return hashlib.sha256(json.dumps(lineage, sort_keys=True).encode()).hexdigest()[:_LONGEST_DIGEST]


def _tags(lineage: Mapping[str, Any]) -> dict[str, str]:
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in lineage.items()}
    return {key: text[:_LONGEST_TAG] for key, text in texts.items()}
