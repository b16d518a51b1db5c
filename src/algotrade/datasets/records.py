"""Small files about runs: the record of the last training, a verdict that may not be there yet, a growing history."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset

from algotrade.data.provenance import RunRecord
from algotrade.errors import DataError


class _File(AbstractDataset[Any, Any]):
    """A text file of a run.

    Parameters
    ----------
    filepath : str
    metadata : mapping, optional
        For plug-ins such as kedro-viz.
    """

    def __init__(self, filepath: str, metadata: Mapping[str, Any] | None = None) -> None:
        self._path = Path(filepath)
        self.metadata = metadata

    def _write(self, text: str) -> None:
        """Replace the file as a whole, so that a reader never sees half of it."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_name(f".{self._path.name}.new")
        draft.write_text(text)
        draft.replace(self._path)

    def _exists(self) -> bool:
        return self._path.is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._path)}


class RunRecordDataset(_File):
    """The record of the last training; None where there was none."""

    def load(self) -> RunRecord | None:
        """Read the record, if there is one."""
        return RunRecord.parse(self._path.read_text(), str(self._path)) if self._exists() else None

    def save(self, data: RunRecord) -> None:
        """Replace the record."""
        self._write(json.dumps(data.to_json(), indent=1) + "\n")


class VerdictDataset(_File):
    """A JSON object that a run leaves; None where no run has left it yet."""

    def load(self) -> dict[str, Any] | None:
        """Read it, if it is there.

        Raises
        ------
        DataError
            If the file is not what a run writes.
        """
        if not self._exists():
            return None
        try:
            return dict(json.loads(self._path.read_text()))
        except (ValueError, TypeError) as error:
            raise DataError(
                f"{self._path} cannot be read as JSON ({error}). Remove it; the next run writes it."
            ) from error

    def save(self, data: dict[str, Any]) -> None:
        """Replace it."""
        self._write(json.dumps(data, indent=2) + "\n")


class PagesDataset(_File):
    """A folder of Markdown pages by name, to which each run adds its own."""

    def load(self) -> dict[str, str]:
        """Read every page."""
        return {path.stem: path.read_text() for path in sorted(self._path.glob("*.md"))}

    def save(self, data: dict[str, str]) -> None:
        """Write every page."""
        self._path.mkdir(parents=True, exist_ok=True)
        for name, text in data.items():
            (self._path / f"{name}.md").write_text(text)

    def _exists(self) -> bool:
        return any(self._path.glob("*.md"))


class HistoryDataset(_File):
    """A file of JSON lines that grows by one a run."""

    def load(self) -> list[dict[str, Any]]:
        """Every line, oldest first."""
        return [json.loads(line) for line in self._path.read_text().splitlines()] if self._exists() else []

    def save(self, data: dict[str, Any]) -> None:
        """Add a line."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a") as file:
            file.write(json.dumps(data) + "\n")
