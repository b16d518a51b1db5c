"""The features of the run before, as a catalog entry."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from kedro.io import AbstractDataset

from algotrade.data.stored_features import StoredFeatures
from algotrade.errors import ConfigurationError


class StoredFeaturesDataset(AbstractDataset[NoReturn, StoredFeatures]):
    """What is left of an earlier run's features; loading gives an object to ask, and nothing is read before.

    Parameters
    ----------
    frame, specification : str
        Files of the catalog's ``features`` and ``feature_spec``.
    metadata : mapping, optional
        For plug-ins such as kedro-viz.
    """

    def __init__(self, frame: str, specification: str, metadata: Mapping[str, Any] | None = None) -> None:
        self._frame = Path(frame)
        self._specification = Path(specification)
        self.metadata = metadata

    def load(self) -> StoredFeatures:
        """Open the earlier features, which need not be there."""
        return StoredFeatures(self._frame, self._specification)

    def save(self, data: NoReturn) -> None:  # noqa: ARG002 - Kedro's signature
        """Refuse: the features are written by the entry that they belong to."""
        raise ConfigurationError("Earlier features are only read; save to `features`.")

    def _describe(self) -> dict[str, Any]:
        return {"frame": str(self._frame), "specification": str(self._specification)}
