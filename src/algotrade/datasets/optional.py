"""A catalog entry whose file may not be there: an earlier version of the pipelines did not write it."""

from collections.abc import Mapping
from typing import Any, Literal

import pandas as pd
from kedro.io import AbstractDataset

_EMPTY = {"frame": pd.DataFrame, "mapping": dict}


class OptionalDataset(AbstractDataset[Any, Any]):
    """Another dataset, which loads as an empty frame or mapping until it has been saved.

    So the report of a data folder from before a step existed says that it was not computed.

    Parameters
    ----------
    dataset : mapping
        Configuration of the other dataset.
    empty : {"frame", "mapping"}
        What stands for it.
    metadata : mapping, optional
        For plug-ins such as kedro-viz.
    """

    def __init__(
        self,
        dataset: dict[str, Any],
        empty: Literal["frame", "mapping"] = "frame",
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        self._dataset: AbstractDataset[Any, Any] = AbstractDataset.from_config("_optional", dataset)
        self._empty = empty
        self.metadata = metadata

    def load(self) -> Any:
        """Read the other dataset, or make an empty one."""
        return self._dataset.load() if self._exists() else _EMPTY[self._empty]()

    def save(self, data: Any) -> None:
        """Write the other dataset."""
        self._dataset.save(data)

    def preview(self, **options: Any) -> Any:
        """What kedro-viz shows of the other dataset."""
        return self._dataset.preview(**options)  # type: ignore[attr-defined]

    def _exists(self) -> bool:
        return self._dataset.exists()

    def _describe(self) -> dict[str, Any]:
        return {**self._dataset._describe(), "empty": self._empty}
