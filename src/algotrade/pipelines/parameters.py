"""The parameters of every pipeline as types, checked before anything runs.

A section of ``conf/*/parameters_<pipeline>.yml`` is one class here; a key that is not one of its
fields is an error that names those that are.
"""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from typing import Any, ClassVar, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, ValidationError

from algotrade.audit.probes import PROBES, ProbeName, ProbeSettings
from algotrade.backtesting.simulate import SimulationSettings
from algotrade.data.consolidation.settings import ConsolidationSettings
from algotrade.data.quality.anomalies import AnomalySettings
from algotrade.domain.costs import Costs
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import ConfigurationError
from algotrade.features import FEATURES, FeatureSet
from algotrade.features.naming import feature_named
from algotrade.models.base import MODELS, build_model, longest_history
from algotrade.models.calibration import CalibrationSettings
from algotrade.models.configuration import parse_settings
from algotrade.models.ensemble import EnsembleSettings
from algotrade.models.intervals import IntervalSettings
from algotrade.models.preparation import PreparationSettings
from algotrade.monitoring.drift import DriftSettings
from algotrade.strategies import Strategy, build_strategy
from algotrade.validation.combinatorial import CombinatorialSettings
from algotrade.validation.folds import FoldSettings
from algotrade.validation.gate import GateSettings
from algotrade.validation.hygiene import HygieneSettings
from algotrade.validation.labels import Label, build_label
from algotrade.validation.sample_weights import WeightSettings
from algotrade.validation.scores import ScoreSettings
from algotrade.validation.training_rows import TrainingSettings
from algotrade.validation.tuning import TuningSettings

RUN_PARAMETERS = ("source", "path", "exchange", "venue", "symbols", "timeframe", "start", "end", "signal", "seed")
"""What ``kedro run --params`` may name at the top level; see ``conf/base/globals.yml``."""


BASELINES = ("majority", "persistence")
"""Models that any other has to beat."""
SEARCHED = "lightgbm"
"""The candidate that is always there: its trees say what the features were worth."""
ENSEMBLE = "ensemble"
"""The candidate that is made of all others."""


class Parameters(BaseModel):
    """One section of the parameters."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    section: ClassVar[str]

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> Self:
        """Typed parameters from the values of a section.

        Raises
        ------
        ConfigurationError
            If a key is unknown (the known ones are named) or a value is not accepted.
        """
        _refuse_unknown(f"parameter of {cls.section}", values, tuple(cls.model_fields))
        for name, field in cls.model_fields.items():
            settings, given = _settings_type(field.annotation), values.get(name)
            if is_dataclass(settings) and isinstance(given, Mapping):
                known = tuple(own.name for own in fields(settings))
                _refuse_unknown(f"parameter of {cls.section}.{name}", given, known)
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join((cls.section, *(str(part) for part in first["loc"])))
            raise ConfigurationError(
                f"Parameter {where} is {first['input']!r}: {first['msg']}. Change it in conf/ or with --params."
            ) from error


class IngestionParameters(Parameters):
    """How candles are accepted, and which ones the run is about.

    Attributes
    ----------
    require_enough_history : bool
        Refuse, before anything is stored, candles too few for the folds of the training.
    venue : str or None
        Of several exchanges, the one to trade on, or ``consolidated``, which is the default.
    consolidation, anomalies : settings
        When an exchange is left out of a consolidated candle, and which candles are worth a look.
    """

    section = "ingestion"
    require_enough_history: bool = True
    venue: str | None = None
    consolidation: ConsolidationSettings = ConsolidationSettings()
    anomalies: AnomalySettings = AnomalySettings()


class FeatureParameters(Parameters):
    """Which features are computed, and how many of the latest rows are served online.

    Attributes
    ----------
    names : tuple of str or None
        Features, as ``rsi_14`` or ``rsi_14@4h``; every one of the registry whose data the candles have by default.
    slower : tuple of str
        More of them, of slower timeframes, as ``rsi_14@4x``: on candles four times as long.
    online_rows : int
    """

    section = "feature_engineering"
    names: tuple[str, ...] | None = None
    slower: tuple[str, ...] = ()
    online_rows: int = Field(default=64, ge=1)

    def model_post_init(self, _: Any) -> None:
        """Refuse unknown features at once, before their candles are there."""
        for name in (*(self.names or ()), *self.slower):
            feature_named(name.partition("@")[0])

    def features(self, timeframe: Timeframe) -> FeatureSet:
        """The features on candles of a timeframe.

        Raises
        ------
        ConfigurationError
            If one is unknown, there twice, or of a timeframe that is not made of whole candles.
        """
        return FeatureSet.of((*(FEATURES if self.names is None else self.names), *self.slower), timeframe)


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


class BacktestingParameters(Parameters):
    """The account, its costs and the strategies that trade it.

    Attributes
    ----------
    account, costs : settings
    strategies : dict
        Parameters by strategy name; a strategy that is not named does not trade.
    pbo_groups : int
        Blocks of the combinatorially symmetric cross-validation.
    """

    section = "backtesting"
    account: SimulationSettings = SimulationSettings()
    costs: Costs = Costs()
    strategies: dict[str, dict[str, Any]] = Field(default_factory=dict)
    pbo_groups: int = Field(default=16, ge=4, multiple_of=2)

    def model_post_init(self, _: Any) -> None:
        """Refuse unknown strategies and parameters at once, not when their step comes."""
        self.build_strategies()

    def build_strategies(self) -> list[Strategy]:
        """Build the configured strategies, in the order of the configuration."""
        return [build_strategy(name, parameters) for name, parameters in self.strategies.items()]


class AuditParameters(Parameters):
    """What the audit looks at, and how hard.

    Attributes
    ----------
    candles, symbols : int
        Of the slice that is probed: the newest candles beyond what the features look back.
    probes : tuple of str
        What becomes of the future.
    moments, chain_moments : int
        After which it is changed, for parts and for the whole chain.
    seed : int
    chain : bool
        Whether the whole chain is probed, too.
    folds : int
        Of that chain.
    model : str
        Of that chain, with ``model_settings`` on top of its configured ones.
    """

    section = "audit"
    candles: int = Field(default=1_000, ge=100)
    symbols: int = Field(default=4, ge=1)
    probes: tuple[ProbeName, ...] = Field(default=PROBES, min_length=1)
    moments: int = Field(default=6, ge=1)
    seed: int = Field(default=7, ge=0)
    chain: bool = True
    chain_moments: int = Field(default=2, ge=1)
    folds: int = Field(default=2, ge=1)
    model: str = "lightgbm"
    model_settings: dict[str, Any] = Field(default_factory=dict)

    def model_post_init(self, _: Any) -> None:
        """Refuse an unknown model and unknown settings at once."""
        build_model(self.model, self.model_settings)

    @property
    def probing(self) -> ProbeSettings:
        """Settings of the probes of features, labels and strategies."""
        return ProbeSettings(self.probes, self.moments, self.seed)


class DriftParameters(Parameters):
    """What the newest features are compared with, and how sure an alarm has to be; see :class:`DriftSettings`."""

    section = "drift"
    current_candles: int = DriftSettings.current_candles
    level: float = DriftSettings.level
    draws: int = DriftSettings.draws
    embargo: int = DriftSettings.embargo
    bins: int = DriftSettings.bins
    pairs: int = DriftSettings.pairs
    reference_rows: int = DriftSettings.reference_rows
    sample_rows: int = DriftSettings.sample_rows

    def model_post_init(self, _: Any) -> None:
        """Refuse values out of range at once."""
        self.settings  # noqa: B018 - building them checks them

    @property
    def settings(self) -> DriftSettings:
        """The same as the statistics take them."""
        return DriftSettings(**self.model_dump())


class RetrainingParameters(Parameters):
    """When to train again.

    Attributes
    ----------
    max_age : int or None
        Candles after those that the champion learned from until it counts as too old; None switches that off.
    rest : int
        Candles that have to pass after a training, whatever became of its models, until the next one.
    drift : bool
        Whether features that have drifted ask for a training; how sure that has to be is in the section ``drift``.
    performance : bool
        Whether forecasts that got worse do.
    level : float
        How often forecasts that are as good as ever may be called worse, at each check.
    """

    section = "retraining"
    max_age: int | None = Field(default=720, ge=1)
    rest: int = Field(default=168, ge=0)
    drift: bool = True
    performance: bool = True
    level: float = Field(default=0.01, gt=0, lt=0.5)


class ServingParameters(Parameters):
    """What a run leaves to be served.

    Attributes
    ----------
    bento : bool
        Whether a run that has decided about the champion packages it.
    """

    section = "serving"
    bento: bool = False


SECTIONS = (
    IngestionParameters,
    FeatureParameters,
    TrainingParameters,
    BacktestingParameters,
    AuditParameters,
    DriftParameters,
    RetrainingParameters,
    ServingParameters,
)


def check_parameters(parameters: Mapping[str, Any]) -> None:
    """Raise a ConfigurationError for a parameter that no pipeline knows or accepts."""
    sections = {section.section: section for section in SECTIONS}
    _refuse_unknown("parameter", parameters, (*RUN_PARAMETERS, *sections))
    for name, section in sections.items():
        section.parse(parameters.get(name) or {})


def _settings_type(annotation: Any) -> Any:
    """The settings of a section that may be none."""
    return next((kind for kind in get_args(annotation) if is_dataclass(kind)), annotation)


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


def _refuse_unknown(kind: str, given: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for name in given:
        if name not in known:
            close = get_close_matches(name, known, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            raise ConfigurationError(f"Unknown {kind} {name!r}.{hint} Known are: {', '.join(known)}.")
