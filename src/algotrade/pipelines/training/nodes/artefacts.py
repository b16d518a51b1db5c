"""What the steps hand to each other as JSON, read back as what it stands for."""

from dataclasses import asdict, replace
from typing import Any, cast

from algotrade.domain.candles import FloatArray
from algotrade.models.base import Model
from algotrade.models.ensemble import Ensemble, EnsembleSettings
from algotrade.models.gradient_boosting import LightGbm
from algotrade.models.preparation import Preparation
from algotrade.validation.folds import Fold
from algotrade.validation.preparing import Preparations


def folds_of(folds: list[dict[str, int]]) -> tuple[Fold, ...]:
    """The folds."""
    return tuple(Fold(**fold) for fold in folds)


def families_of(spec: dict[str, Any]) -> dict[str, str]:
    """Family of each feature by its name."""
    return dict(zip(spec["names"], spec["families"], strict=True))


def final_preparation(prepared: dict[str, Any]) -> Preparation:
    """What was fitted on features for the models that are fitted on all history."""
    return Preparations.from_json(prepared).final.preparation


def importance_of(trees: Model) -> FloatArray:
    """Share of each column in what the splits of boosted trees gained."""
    return boosted([trees])[0].importance()


def boosted(trees: list[Model]) -> list[LightGbm]:
    """Models that are boosted trees, as such."""
    assert all(isinstance(model, LightGbm) for model in trees)
    return cast("list[LightGbm]", trees)


def ensemble_of(members: dict[str, Model], learned: dict[str, Any]) -> Ensemble:
    """Fitted members as one model, with what they were found to weigh."""
    settings = EnsembleSettings({name: asdict(model.settings) for name, model in members.items()}, **learned)
    return replace(Ensemble(settings), members=tuple(members.values()))
