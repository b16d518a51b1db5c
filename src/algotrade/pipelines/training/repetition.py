"""A training run a second time, from its record, in a folder of its own."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from algotrade.data.provenance import DataState, ModelFiles, RunRecord, project_root
from algotrade.errors import DataError
from algotrade.models.manifest import Manifest

_READ = (
    "02_intermediate/universe.json",
    "03_primary/candles.parquet",
    "04_feature/feature_spec.json",
    "04_feature/features.parquet",
)
"""What a training reads, below the data folder."""


def present_data(data: Path) -> DataState | None:
    """What is in a data folder to train on; None where something is missing."""
    if not all((data / name).is_file() for name in _READ):
        return None
    universe, candles, spec, features = (data / name for name in _READ)
    return DataState.of(_json(universe), _json(spec), pd.read_parquet(candles), pd.read_parquet(features))


def repeat_training(record: RunRecord, data: Path, scratch: Path) -> dict[str, ModelFiles]:
    """Files of every candidate that the recorded training makes now, left below ``scratch``.

    The steps up to the packaged candidates run with the recorded parameters: what the gate does with them afterwards
    depends on who reigns, and is no part of the models. Nothing is registered, and nothing below ``data`` is changed.
    The search keeps its trials in memory, and finds what it found: a seed stands for a list of trials.

    Parameters
    ----------
    record : RunRecord
    data : Path
        Data folder, with what the training reads.
    scratch : Path
        An empty folder.

    Raises
    ------
    DataError
        If what the training reads is not there.
    """
    from kedro.runner import SequentialRunner  # noqa: PLC0415 - the command checks the record first

    from algotrade.pipelines.training import create_pipeline  # noqa: PLC0415

    _lend(data, scratch)
    with _data_folder(scratch):
        catalog = _catalog(record.parameters)
        SequentialRunner().run(create_pipeline().to_outputs("candidates"), catalog)
    folder = scratch / "06_models" / "candidates"
    manifests = {path.parent.name: Manifest.read(path.parent) for path in sorted(folder.glob("*/manifest.json"))}
    return {name: ModelFiles(version=found.version, files=found.files) for name, found in manifests.items()}


def _lend(data: Path, scratch: Path) -> None:
    for name in _READ:
        if not (data / name).is_file():
            raise DataError(
                f"{data / name} is missing, and the training reads it. Run the ingestion and feature_engineering "
                "pipelines with the source of that time, or name another folder with --data."
            )
        (scratch / name).parent.mkdir(parents=True, exist_ok=True)
        (scratch / name).symlink_to((data / name).absolute())


def _catalog(parameters: dict[str, Any]) -> Any:
    """The project's catalog with the recorded parameters in place of the configured ones."""
    from kedro.config import OmegaConfigLoader  # noqa: PLC0415
    from kedro.io import DataCatalog, MemoryDataset  # noqa: PLC0415

    from algotrade.settings import CONFIG_LOADER_ARGS  # noqa: PLC0415

    loader = OmegaConfigLoader(conf_source=str(project_root() / "conf"), **CONFIG_LOADER_ARGS)
    credentials = loader.get("credentials") if loader.config_patterns.get("credentials") else None
    catalog = DataCatalog.from_config(loader["catalog"], credentials)
    for section, values in parameters.items():
        catalog[f"params:{section}"] = MemoryDataset(values)
    return catalog


@contextmanager
def _data_folder(folder: Path) -> Iterator[None]:
    """The folder in which the configuration finds and leaves everything."""
    before = os.environ.get("ALGOTRADE_DATA")
    os.environ["ALGOTRADE_DATA"] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ["ALGOTRADE_DATA"]
        else:
            os.environ["ALGOTRADE_DATA"] = before


def _json(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text()))
