"""How large the search is, where it is kept, and what it may set."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt
from pydantic.dataclasses import dataclass as settings_dataclass

from algotrade.errors import ConfigurationError
from algotrade.models.configuration import STRICT
from algotrade.validation.tuning.spaces import Range, Space, search_space


@settings_dataclass(frozen=True, config=STRICT)
class TuningSettings:
    """The search for settings.

    Attributes
    ----------
    families : tuple of str
        Models whose settings are searched.
    trials : int
        Settings tried in total, those of earlier, interrupted searches included; the first are those from the
        configuration, so that the best is never worse inside.
    trials_by_family : mapping of str to int
        For families that are to have another number.
    spaces : mapping of str to mapping
        Ranges that differ from those in :data:`SPACES`, by family and setting; null takes a setting out.
    inner_folds : int
    inner_test_share : float
        Of the first fold's training span that the inner test spans cover.
    max_rows : int
        Rows of an inner fold, for each of training, early stopping and test; more are thinned in even steps.
    pruner : {"median", "successive_halving", "none"}
        Which trials end before their last inner fold.
    compare : bool
        Whether the walk is done with the configured settings as well, to tell what the search brought out of fold.
    timeout_seconds : float, optional
        No trial of a family starts later than this after its search began.
    storage_url : str, optional
        Of the database that keeps the trials, ``sqlite:///`` or ``postgresql://``; in memory by default.
    study_name : str, optional
        Beginning of the names of the studies; without it they are named after what they are made of.
    seed : int
    """

    families: tuple[str, ...] = ("lightgbm",)
    trials: PositiveInt = 20
    trials_by_family: Mapping[str, PositiveInt] = Field(default_factory=dict)
    spaces: Mapping[str, Mapping[str, Range | None]] = Field(default_factory=dict)
    inner_folds: PositiveInt = 3
    inner_test_share: Annotated[float, Field(gt=0, lt=1)] = 0.5
    max_rows: PositiveInt = 50_000
    pruner: Literal["median", "successive_halving", "none"] = "median"
    compare: bool = False
    timeout_seconds: PositiveFloat | None = None
    storage_url: str | None = None
    study_name: str | None = None
    seed: NonNegativeInt = 0

    def trials_of(self, family: str) -> int:
        """Trials in total of one family."""
        return self.trials_by_family.get(family, self.trials)

    def space_of(self, family: str, settings: Mapping[str, Any]) -> Space:
        """What the search may set of a family that is configured like this.

        Raises
        ------
        ConfigurationError
            As :func:`search_space` does.
        """
        return search_space(family, settings, self.spaces.get(family))

    def check(self, configured: Mapping[str, Mapping[str, Any]]) -> None:
        """Refuse what cannot be searched.

        Parameters
        ----------
        configured : mapping of str to mapping
            Settings of every model of the run by name.

        Raises
        ------
        ConfigurationError
            If a family is not in the run or has no space, or a range is not accepted.
        """
        for family in (*self.families, *self.spaces, *self.trials_by_family):
            if family not in configured:
                raise ConfigurationError(
                    f"training.tuning names {family!r}, which is no model of this run. "
                    f"Known are: {', '.join(sorted(configured))}."
                )
            self.space_of(family, configured[family])
