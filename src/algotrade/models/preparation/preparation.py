"""One value between the feature rows and a model: which columns it sees, and which factors besides."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from pydantic.dataclasses import dataclass as settings_dataclass

from algotrade.domain.candles import FloatArray
from algotrade.domain.timeframe import IntArray
from algotrade.errors import ModelError
from algotrade.models.configuration import STRICT
from algotrade.models.preparation.base import Extractor, build_extractor, extractor_from_json, extractor_to_json
from algotrade.models.preparation.selection import Dropped, SelectionSettings, evenly, select_columns
from algotrade.models.samples import LabelledSamples, Samples


@settings_dataclass(frozen=True, config=STRICT)
class PreparationSettings(SelectionSettings):
    """What is done to the feature rows before a model sees them; by default nothing.

    Attributes
    ----------
    factors : mapping, optional
        ``kind`` (one of ``EXTRACTORS``), ``count`` and the extractor's other settings: factors of the features
        that stay, as further columns.

    Raises
    ------
    ConfigurationError
        If the kind or one of its settings is not known or not accepted.
    """

    factors: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        if self.factors is not None:
            build_extractor(self.factors)

    def seeded(self, seed: int) -> "PreparationSettings":
        """The same settings, the extractor with this seed if it takes one and has none."""
        if self.factors is None or not hasattr(build_extractor(self.factors).settings, "seed"):
            return self
        return replace(self, factors={"seed": seed, **self.factors})


@dataclass(frozen=True)
class Preparation:
    """Raw feature rows in, the columns that a model was fitted on out; itself fitted on training rows only.

    Attributes
    ----------
    feature_names : tuple of str, length ``F``
        Of the raw columns.
    kept : tuple of int
        Columns that stay, as they are, missing values included.
    dropped : tuple of Dropped
        Why the others do not.
    extractor : Extractor, optional
        Fitted on the columns that stay; its factors come after them.
    """

    feature_names: tuple[str, ...]
    kept: tuple[int, ...]
    dropped: tuple[Dropped, ...] = ()
    extractor: Extractor | None = None

    @classmethod
    def nothing(cls, feature_names: tuple[str, ...]) -> "Preparation":
        """The preparation that leaves every row as it is."""
        return cls(tuple(feature_names), tuple(range(len(feature_names))))

    @classmethod
    def fit(
        cls, training: LabelledSamples, feature_names: tuple[str, ...], settings: PreparationSettings
    ) -> "Preparation":
        """Columns chosen and factors fitted on the last feature row of each training sample, and on no other.

        Raises
        ------
        ModelError
            If no feature is left, or too few for the factors.
        """
        if settings == PreparationSettings(max_rows=settings.max_rows):
            return cls.nothing(feature_names)
        selection = select_columns(training, feature_names, settings)
        extractor = None
        if settings.factors is not None:
            rows = evenly(training.samples.last(), settings.max_rows)[:, list(selection.kept)]
            names = tuple(feature_names[column] for column in selection.kept)
            extractor = build_extractor(settings.factors).fit(rows, names)
        return cls(feature_names, selection.kept, selection.dropped, extractor)

    @property
    def is_nothing(self) -> bool:
        """Whether rows come out as they went in."""
        return self.extractor is None and len(self.kept) == len(self.feature_names)

    @property
    def kept_names(self) -> tuple[str, ...]:
        """Features that stay."""
        return tuple(self.feature_names[column] for column in self.kept)

    @property
    def factor_names(self) -> tuple[str, ...]:
        """Columns that the extractor adds."""
        return self.extractor.factor_names if self.extractor is not None else ()

    @property
    def names(self) -> tuple[str, ...]:
        """Columns that the model sees, in order."""
        return (*self.kept_names, *self.factor_names)

    def transform(self, rows: FloatArray) -> FloatArray:
        """Prepared rows, shape ``(..., len(names))``, of raw ones of shape ``(..., F)``.

        A row comes out the same to the last bit whether it is alone or among many.
        """
        if self.is_nothing:
            return rows
        flat = rows.reshape(-1, rows.shape[-1]).take(self._columns, axis=1)
        if self.extractor is not None:
            flat = np.concatenate([flat, self.extractor.transform(flat)], axis=1)
        return flat.reshape(*rows.shape[:-1], flat.shape[1])

    def of(self, samples: Samples) -> Samples:
        """The samples as a model is to see them: prepared when they are read, so that no row is held twice."""
        return samples if self.is_nothing else replace(samples, prepare=self.transform, names=self.names)

    def of_labelled(self, labelled: LabelledSamples) -> LabelledSamples:
        """The labelled samples as a model is to see them."""
        return LabelledSamples(self.of(labelled.samples), labelled.targets)

    def to_json(self) -> dict[str, Any]:
        """Everything that was fitted, as JSON keeps it exactly."""
        return {
            "feature_names": list(self.feature_names),
            "kept": list(self.kept_names),
            "dropped": [asdict(each) for each in self.dropped],
            "extractor": extractor_to_json(self.extractor) if self.extractor is not None else None,
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Preparation":
        """Inverse of ``to_json``.

        Raises
        ------
        ModelError
            If a part is missing or does not fit the others.
        """
        try:
            names = tuple(content["feature_names"])
            kept = tuple(names.index(name) for name in content["kept"])
            dropped = tuple(Dropped(**each) for each in content["dropped"])
            extractor = extractor_from_json(content["extractor"]) if content["extractor"] is not None else None
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(f"This is no preparation of features ({error!r}). Train the model again.") from error
        return cls(names, kept, dropped, extractor)

    def save(self, path: Path) -> None:
        """Write the preparation as JSON, in which floats survive exactly."""
        path.write_text(json.dumps(self.to_json(), allow_nan=False) + "\n")

    @classmethod
    def load(cls, path: Path) -> "Preparation":
        """Preparation that transforms exactly as the one that was saved.

        Raises
        ------
        ModelError
            If the file holds none.
        """
        try:
            content = json.loads(path.read_text())
        except ValueError as error:
            raise ModelError(f"{path} is no preparation of features ({error}). Train the model again.") from error
        return cls.from_json(content)

    @cached_property
    def _columns(self) -> IntArray:
        return np.array(self.kept, dtype=np.int64)
