"""What a search leaves: its trials, the best of them, and what mattered."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

TRIAL_COLUMNS = ("number", "state", "value", "folds")
SLOT = "slot"
"""Attribute of Optuna's trials: their place in the search, which is their number unless an earlier one failed."""


@dataclass(frozen=True)
class Trial:
    """One set of settings that was tried.

    Attributes
    ----------
    number : int
        From 0, without those that failed.
    state : str
        ``complete`` or ``pruned``.
    value : float
        Mean log loss over the inner folds, as far as it got.
    folds : int
        Inner folds that it got through.
    parameters : dict
    """

    number: int
    state: str
    value: float
    folds: int
    parameters: dict[str, Any]


@dataclass(frozen=True)
class Search:
    """What a search found.

    Attributes
    ----------
    family : str
    study : str
        Its name.
    made_of : dict of str to str
        Its fingerprint.
    base : dict
        All settings of the model as configured.
    space : dict
        The searched settings: what may be tried.
    trials : tuple of Trial
        Those that have ended.
    added : int
        How many of them this search has run; the others were there.
    importance : dict of str to float
        Share of each searched setting in what the values differ by, the largest first.
    """

    family: str
    study: str
    made_of: dict[str, str]
    base: dict[str, Any]
    space: dict[str, Any]
    trials: tuple[Trial, ...]
    added: int
    importance: dict[str, float]

    @property
    def best(self) -> Trial | None:
        """The complete trial with the lowest value, of equal ones the first."""
        complete = [trial for trial in self.trials if trial.state == "complete"]
        return min(complete, key=lambda trial: trial.value) if complete else None

    @property
    def configured(self) -> Trial | None:
        """The trial of the configured settings."""
        return self.trials[0] if self.trials and self.trials[0].number == 0 else None

    @property
    def settings(self) -> dict[str, Any]:
        """All settings of the best model, ready for ``build_model``."""
        return {**self.base, **(self.best.parameters if self.best else {})}

    def table(self) -> pd.DataFrame:
        """One row a trial: ``family``, ``study``, the fields of ``Trial``, then a column for each searched setting."""
        rows = [{name: getattr(trial, name) for name in TRIAL_COLUMNS} | trial.parameters for trial in self.trials]
        frame = pd.DataFrame(rows, columns=[*TRIAL_COLUMNS, *self.space])
        # Whole numbers stay whole beside the trials of families that have no such setting.
        frame = frame.astype({name: "Int64" for name, limits in self.space.items() if limits["whole"]})
        frame.insert(0, "family", self.family)
        frame.insert(1, "study", self.study)
        return frame

    @staticmethod
    def no_table() -> pd.DataFrame:
        """The table of no search."""
        return pd.DataFrame({name: [] for name in ("family", "study", *TRIAL_COLUMNS)})

    def to_json(self) -> dict[str, Any]:
        """The search in a few numbers; what is not known is null."""
        best, configured = self.best, self.configured
        return {
            "study": self.study,
            "made_of": self.made_of,
            "trials": len(self.trials),
            "pruned": sum(trial.state == "pruned" for trial in self.trials),
            "added": self.added,
            "best_trial": best and best.number,
            "best_value": best and best.value,
            "configured_value": configured and configured.value,
            "best": {name: self.settings[name] for name in self.space},
            "configured": {name: self.base[name] for name in self.space},
            "space": self.space,
            "importance": self.importance,
        }
