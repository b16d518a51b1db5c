"""The parameters of every pipeline as types, checked before anything runs.

A section of ``conf/*/parameters_<pipeline>.yml`` is one class here; a key that is not one of its
fields is an error that names those that are.
"""

from collections.abc import Mapping
from typing import Any

from algotrade.pipelines.parameters.backtesting import BacktestingParameters
from algotrade.pipelines.parameters.base import Parameters, refuse_unknown
from algotrade.pipelines.parameters.candles import FeatureParameters, IngestionParameters
from algotrade.pipelines.parameters.training import BASELINES, ENSEMBLE, SEARCHED, TrainingParameters
from algotrade.pipelines.parameters.watching import AuditParameters, DriftParameters, RetrainingParameters

__all__ = [
    "BASELINES",
    "ENSEMBLE",
    "RUN_PARAMETERS",
    "SEARCHED",
    "SECTIONS",
    "AuditParameters",
    "BacktestingParameters",
    "DriftParameters",
    "FeatureParameters",
    "IngestionParameters",
    "Parameters",
    "RetrainingParameters",
    "TrainingParameters",
    "check_parameters",
]

RUN_PARAMETERS = ("source", "path", "exchange", "venue", "symbols", "timeframe", "start", "end", "signal", "seed")
"""What ``kedro run --params`` may name at the top level; see ``conf/base/globals.yml``."""

SECTIONS = (
    IngestionParameters,
    FeatureParameters,
    TrainingParameters,
    BacktestingParameters,
    AuditParameters,
    DriftParameters,
    RetrainingParameters,
)


def check_parameters(parameters: Mapping[str, Any]) -> None:
    """Raise a ConfigurationError for a parameter that no pipeline knows or accepts."""
    sections = {section.section: section for section in SECTIONS}
    refuse_unknown("parameter", parameters, (*RUN_PARAMETERS, *sections))
    for name, section in sections.items():
        section.parse(parameters.get(name) or {})
