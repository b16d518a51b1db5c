"""What is fitted on features, fold by fold: on the rows that a model of the fold is fitted on, and on no other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from algotrade.errors import ModelError
from algotrade.models.preparation import Preparation, PreparationSettings
from algotrade.validation.folds import Fold
from algotrade.validation.training_data import TrainingData
from algotrade.validation.training_rows import TrainingSettings, final_rows, fold_rows


@dataclass(frozen=True)
class FoldPreparation:
    """What was fitted on the features of one training window.

    Attributes
    ----------
    preparation : Preparation
    known_until : int
        When the last label that it may have learned from is known, milliseconds since the epoch.
    """

    preparation: Preparation
    known_until: int


@dataclass(frozen=True)
class Preparations:
    """The preparation of every training window of a run; all its models share them.

    Attributes
    ----------
    folds : tuple of FoldPreparation
        One a fold, in order.
    final : FoldPreparation
        For the models that are fitted on all history.
    """

    folds: tuple[FoldPreparation, ...]
    final: FoldPreparation

    def to_json(self) -> dict[str, Any]:
        """Everything that was fitted, as JSON keeps it exactly."""
        return {"folds": [_to_json(each) for each in self.folds], "final": _to_json(self.final)}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Preparations":
        """Inverse of ``to_json``.

        Raises
        ------
        ModelError
            If a part is missing.
        """
        try:
            return cls(tuple(_from_json(each) for each in content["folds"]), _from_json(content["final"]))
        except KeyError as error:
            raise ModelError(f"The preparations lack {error}. Run the training pipeline from its beginning.") from error


def fit_preparations(
    data: TrainingData,
    folds: Sequence[Fold],
    settings: PreparationSettings,
    training: TrainingSettings | None = None,
    embargo: int = 0,
) -> Preparations:
    """Preparation of each fold and of the final fit, each fitted on the rows that its models are fitted on.

    The early-stopping rows belong to the training window, but nothing is fitted on them: they are to show what
    rows look like that nothing was fitted on.

    Parameters
    ----------
    data : TrainingData
    folds : sequence of Fold
    settings : PreparationSettings
    training : TrainingSettings, optional
        The same that the models are fitted with.
    embargo : int
        Candles, as in ``FoldSettings``; for the final fit.

    Raises
    ------
    ModelError
        If no feature is left in a fold, or too few for the factors.
    TooFewCandles
        If a fold has too few rows to train on and to stop early on.
    """
    options = training or TrainingSettings()
    windows = [*(fold_rows(data, fold, options) for fold in folds), final_rows(data, options, embargo)]
    *of_folds, final = (
        FoldPreparation(Preparation.fit(rows.training, data.feature_names, settings), rows.known_until)
        for rows in windows
    )
    return Preparations(tuple(of_folds), final)


def _to_json(fitted: FoldPreparation) -> dict[str, Any]:
    return {"known_until": fitted.known_until, "preparation": fitted.preparation.to_json()}


def _from_json(content: Mapping[str, Any]) -> FoldPreparation:
    return FoldPreparation(Preparation.from_json(content["preparation"]), content["known_until"])
