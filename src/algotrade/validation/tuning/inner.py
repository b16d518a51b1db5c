"""The training rows of the first fold, cut again: what a search sees, and nothing else.

They come before every test row of every fold, so settings found there are out of sample for all of them, and
one search pays for the whole walk.
"""

from dataclasses import dataclass, replace
from functools import cached_property

from algotrade.errors import TooFewCandles
from algotrade.models.preparation import Preparation, PreparationSettings
from algotrade.models.samples import LabelledSamples
from algotrade.validation.folds import Fold, FoldSettings, train_rows, walk_forward_folds
from algotrade.validation.training_data import TrainingData
from algotrade.validation.training_rows import TrainingSettings, fold_rows, rows_tested
from algotrade.validation.tuning.settings import TuningSettings

_FEWEST_ROWS = 50


@dataclass(frozen=True)
class InnerFold:
    """Prepared samples of one inner fold, thinned; the preparation was fitted on ``training``."""

    training: LabelledSamples
    early_stopping: LabelledSamples
    tested: LabelledSamples


@dataclass(frozen=True)
class InnerData:
    """What every search of a run sees.

    Attributes
    ----------
    inside : TrainingData
        Training rows of the first fold.
    cuts : tuple of Fold
        Inner folds, purged and embargoed like the outer ones.
    fitting : TrainingSettings
        How models are fitted in the outer folds, with the row limit of the search.
    preparation : PreparationSettings
    """

    inside: TrainingData
    cuts: tuple[Fold, ...]
    fitting: TrainingSettings
    preparation: PreparationSettings

    @cached_property
    def folds(self) -> tuple[InnerFold, ...]:
        """The inner folds, prepared when they are first asked for and shared by all searches."""
        return tuple(self._prepared(cut) for cut in self.cuts)

    def _prepared(self, cut: Fold) -> InnerFold:
        rows = fold_rows(self.inside, cut, self.fitting)
        tested = self.inside.labelled.take(rows_tested(self.inside, cut, self.fitting))
        fitted = Preparation.fit(rows.training, self.inside.feature_names, self.preparation)
        return InnerFold(
            fitted.of_labelled(rows.training),
            fitted.of_labelled(rows.early_stopping),
            fitted.of_labelled(tested.thinned(self.fitting.max_training_rows)),
        )


def inner_data(
    data: TrainingData,
    first_fold: Fold,
    tuning: TuningSettings,
    fitting: TrainingSettings | None = None,
    preparation: PreparationSettings | None = None,
) -> InnerData:
    """Inner folds of the training rows of ``first_fold``; no row whose label is known later is in them.

    Parameters
    ----------
    data : TrainingData
    first_fold : Fold
        Of the outer walk.
    tuning : TuningSettings
    fitting : TrainingSettings, optional
        The same that the models of the walk are fitted with.
    preparation : PreparationSettings, optional
        What is fitted on the training rows of each inner fold before a model sees them.

    Raises
    ------
    TooFewCandles
        If the training rows cannot be cut into inner folds.
    """
    inside = data.take(train_rows(first_fold, data.open_time, data.known_at))
    step = data.timeframe.milliseconds
    cut = FoldSettings(
        folds=tuning.inner_folds,
        test_share=tuning.inner_test_share,
        embargo=first_fold.embargo // step,
        min_training_rows=_FEWEST_ROWS,
    )
    options = fitting or TrainingSettings()
    limited = replace(options, max_training_rows=min(options.max_training_rows, tuning.max_rows))
    try:
        cuts = walk_forward_folds(inside.open_time, inside.known_at, step, cut)
        for each in cuts:
            fold_rows(inside, each, limited)
    except TooFewCandles as error:
        raise TooFewCandles(
            f"The search has the {len(inside)} training rows of the first fold for {tuning.inner_folds} inner folds. "
            f"{error} Or lower training.tuning.inner_folds, or set training.tune to false."
        ) from error
    return InnerData(inside, cuts, limited, preparation or PreparationSettings())
