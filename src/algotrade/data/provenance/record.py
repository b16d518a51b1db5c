"""The record of a training run: all that is needed to run it again, and what came out."""

import json
from collections.abc import Mapping
from typing import Any, Self

import pandas as pd
from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from algotrade.data.digest import content_digest, frame_digest
from algotrade.data.provenance.code import CodeState
from algotrade.data.provenance.machine import MachineState
from algotrade.errors import DataError


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DataState(_Part):
    """What a training run read.

    Attributes
    ----------
    digest : str
        Of the candles.
    features_digest : str
        Of the feature frame.
    feature_fingerprint : str
        Of the features' specification and code.
    source, exchange, timeframe : str
    symbols : tuple of str
    newest : datetime
        Open time of the newest candle.
    """

    digest: str
    features_digest: str
    feature_fingerprint: str
    source: str
    exchange: str
    timeframe: str
    symbols: tuple[str, ...]
    newest: AwareDatetime

    @classmethod
    def of(
        cls, universe: Mapping[str, Any], spec: Mapping[str, Any], candles: pd.DataFrame, features: pd.DataFrame
    ) -> Self:
        """State of the four things that a training reads; the digests are those of what is there, not of what is said.

        Parameters
        ----------
        universe, spec : mapping
            What the run is about, and the specification of the features.
        candles, features : DataFrame
        """
        return cls(
            digest=content_digest(candles),
            features_digest=frame_digest(features),
            feature_fingerprint=spec["fingerprint"],
            source=universe["source"],
            exchange=universe["exchange"],
            timeframe=universe["timeframe"],
            symbols=tuple(universe["symbols"]),
            newest=candles["open_time"].max().to_pydatetime(),
        )


class ModelFiles(_Part):
    """A model that a run produced.

    Attributes
    ----------
    version : str
    files : dict of str to str
        SHA-256 of every file of its bundle but the manifest, by path.
    """

    version: str
    files: dict[str, str]


class RunRecord(_Part):
    """A training run.

    Attributes
    ----------
    created_time : datetime
        UTC.
    code, machine, data : states
    parameters : dict
        Of all pipelines, as they were in force.
    seed : int
        Of the training.
    models : dict of str to ModelFiles
        What it produced, by candidate.
    """

    created_time: AwareDatetime
    code: CodeState
    machine: MachineState
    data: DataState
    parameters: dict[str, Any]
    seed: int
    models: dict[str, ModelFiles]

    @classmethod
    def parse(cls, content: Mapping[str, Any] | str, where: str) -> Self:
        """Record from its JSON; ``where`` it was found is for the message.

        Raises
        ------
        DataError
            If it is none.
        """
        try:
            return cls(**(json.loads(content) if isinstance(content, str) else content))
        except (ValidationError, ValueError, TypeError) as error:
            first = str(error).splitlines()[0]
            raise DataError(
                f"{where} is no run record of this version of algotrade ({first}). Every training run writes one, "
                "run_record.json beside its models and in its MLflow run."
            ) from error

    def to_json(self) -> dict[str, Any]:
        """The record as JSON's own types."""
        return dict(json.loads(self.model_dump_json()))
