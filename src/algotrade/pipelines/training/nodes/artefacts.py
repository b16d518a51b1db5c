"""What the steps hand to each other as JSON, read back as what it stands for."""

from typing import Any

from algotrade.domain.candles import FloatArray
from algotrade.models.base import Model
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
    assert isinstance(trees, LightGbm)
    return trees.importance()
