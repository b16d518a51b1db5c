"""Parameters of the training."""

from typing import Any

from pydantic import Field, PositiveInt

from algotrade.errors import ConfigurationError
from algotrade.models.base import MODELS, build_model, longest_history
from algotrade.models.calibration import CalibrationSettings
from algotrade.models.configuration import parse_settings
from algotrade.models.ensemble import EnsembleSettings
from algotrade.models.intervals import IntervalSettings
from algotrade.models.preparation import PreparationSettings
from algotrade.pipelines.parameters.base import Parameters
from algotrade.validation.combinatorial import CombinatorialSettings
from algotrade.validation.folds import FoldSettings
from algotrade.validation.gate import GateSettings
from algotrade.validation.hygiene import HygieneSettings
from algotrade.validation.labels import Label, build_label
from algotrade.validation.sample_weights import WeightSettings
from algotrade.validation.scores import ScoreSettings
from algotrade.validation.training_rows import TrainingSettings
from algotrade.validation.tuning import TuningSettings

BASELINES = ("majority", "persistence")
"""Models that any other has to beat."""
SEARCHED = "lightgbm"
"""The candidate that is always there: its trees say what the features were worth."""
ENSEMBLE = "ensemble"
"""The candidate that is made of all others."""


class TrainingParameters(Parameters):
    """What is learned, how it is judged, and with which models.

    Attributes
    ----------
    horizon : int
        Candles that a forecast looks ahead.
    label : dict
        What is forecast over the horizon: ``kind``, a name among the labels, and its settings.
    weights : settings
        What makes a sample count more than another when a model is fitted.
    combinatorial : settings, optional
        Of the combinatorial purged cross-validation; none of it without them.
    seed : int
        Of every model and of the search.
    folds, fitting, tuning : settings
        Of the walk-forward, of each fit, and of the search for settings.
    preparation : settings
        Of what is fitted on features inside each training window: which stay, and which factors are added.
    hygiene : settings
        Of the report on the feature frame.
    workers : int
        Processes that walk forward, a fold at a time each; what they find does not depend on how many there are.
    tune : bool
        Whether to search at all.
    calibration, interval, scores : settings
        Of how probabilities are calibrated, of the interval around a return, and of the intervals of scores.
    explanation_rows : int
        Test rows on which it is looked at what the best model leans on.
    gate : settings
        How sure the gate has to be before a challenger becomes the champion, and what it lets through.
    candidates : tuple of str
        Models that are walked, blended into the ensemble, scored, and packaged; LightGBM is one of them.
    further_horizons : tuple of int
        That a model of several horizons forecasts besides; labels are then purged by the longest of all.
    models : dict
        Settings by model name; what is not named keeps its default.
    """

    section = "training"
    horizon: int = Field(default=8, ge=1)
    label: dict[str, Any] = Field(default_factory=lambda: {"kind": "forward_return"})
    weights: WeightSettings = WeightSettings()
    combinatorial: CombinatorialSettings | None = CombinatorialSettings()
    seed: int = Field(default=7, ge=0)
    folds: FoldSettings = FoldSettings()
    fitting: TrainingSettings = TrainingSettings()
    preparation: PreparationSettings = PreparationSettings()
    hygiene: HygieneSettings = HygieneSettings()
    workers: PositiveInt = 1
    tune: bool = True
    tuning: TuningSettings = TuningSettings()
    calibration: CalibrationSettings = CalibrationSettings()
    interval: IntervalSettings = IntervalSettings()
    scores: ScoreSettings = ScoreSettings()
    explanation_rows: int = Field(default=2_000, ge=1)
    gate: GateSettings = GateSettings()
    candidates: tuple[str, ...] = ("logistic", "ridge", SEARCHED, "lstm")
    further_horizons: tuple[PositiveInt, ...] = ()
    models: dict[str, dict[str, Any]] = Field(default_factory=dict)

    def model_post_init(self, _: Any) -> None:
        """Refuse unknown models, labels and settings at once, not when their step comes."""
        self.labeller  # noqa: B018 - building it checks it
        if self.combinatorial is not None:
            self.combinatorial.build_models(self.seed)
        _check_candidates(self.candidates)
        if len({self.horizon, *self.further_horizons}) <= len(self.further_horizons):
            raise ConfigurationError(
                f"Parameter training.further_horizons is {list(self.further_horizons)} beside a horizon of "
                f"{self.horizon}; each is to be there once. Remove what is there twice."
            )
        if "multi_horizon" in self.candidates and not self.further_horizons:
            raise ConfigurationError(
                "Parameter training.candidates has multi_horizon, but there is only one horizon. Name others in "
                "training.further_horizons, such as [24], or remove it."
            )
        for name in (*BASELINES, *self.candidates, *self.models):
            build_model(name, self.settings_of(name))
        self.ensemble_settings({name: self.settings_of(name) for name in self.candidates})
        if self.tune:
            self.tuning.check({name: self.settings_of(name) for name in self.models_of_the_run})

    @property
    def models_of_the_run(self) -> tuple[str, ...]:
        """Every model that is walked: baselines and candidates."""
        return (*BASELINES, *self.candidates)

    @property
    def labeller(self) -> Label:
        """The label over the horizon of the run.

        Raises
        ------
        ConfigurationError
            If the kind or a setting is not known, a value is not accepted, or it has a horizon of its own.
        """
        if "horizon" in self.label:
            raise ConfigurationError(
                f"Parameter training.label has a horizon of its own, {self.label['horizon']!r}; strategies and the "
                "service need to know it, too. Set training.horizon instead."
            )
        return build_label({**self.label, "horizon": self.horizon})

    def settings_of(self, model: str) -> dict[str, Any]:
        """Settings of a model; its seed and horizon are those of the run unless it has its own."""
        known = MODELS[model].settings_type.__dataclass_fields__
        shared = {name: getattr(self, name) for name in ("seed", "horizon") if name in known}
        return {**shared, **self.models.get(model, {})}

    def ensemble_settings(self, members: dict[str, dict[str, Any]]) -> EnsembleSettings:
        """Settings of the ensemble of these members; what they weigh is learned."""
        given = self.models.get(ENSEMBLE, {})
        if given.keys() & {"members", "weights", "intercept"}:
            raise ConfigurationError(
                f"training.models.ensemble has {', '.join(sorted(given))}. Its members are training.candidates and "
                "their weights are learned; it takes `method` and `penalty`."
            )
        return parse_settings(EnsembleSettings, {**given, "members": members}, "model ensemble")

    @property
    def seeded_preparation(self) -> PreparationSettings:
        """Settings of the preparation, with the run's seed unless its extractor has its own or needs none."""
        return self.preparation.seeded(self.seed)

    @property
    def history(self) -> int:
        """Feature rows that the neediest model reads for one prediction."""
        return longest_history({name: self.settings_of(name) for name in self.models_of_the_run})


def _check_candidates(candidates: tuple[str, ...]) -> None:
    # The members of one bundle share its preparation, so one that wants raw features cannot be among them.
    possible = [name for name, kind in MODELS.items() if kind.prepared and name not in {*BASELINES, ENSEMBLE}]
    unknown = [name for name in candidates if name not in possible]
    if unknown or SEARCHED not in candidates or len(set(candidates)) < len(candidates):
        raise ConfigurationError(
            f"Parameter training.candidates is {list(candidates)}. It takes each of {', '.join(possible)} at most "
            f"once, and {SEARCHED} always: its trees say what the features were worth. The baselines "
            f"({', '.join(BASELINES)}) are walked anyway, and the ensemble is made of the candidates."
        )
