"""The platform's own chain as a value: from candles to fills, with nothing read and nothing written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from algotrade.audit.chain import Stage
from algotrade.backtesting.simulate import SimulationSettings, backtest
from algotrade.domain.candles import Panel, from_milliseconds
from algotrade.domain.costs import Costs
from algotrade.features import FeatureSet
from algotrade.models.base import Model
from algotrade.models.preparation import PreparationSettings
from algotrade.strategies import MarketView, Strategy
from algotrade.validation.folds import Fold, FoldSettings, walk_forward_folds
from algotrade.validation.labels import Label, forward_returns
from algotrade.validation.preparing import fit_preparations
from algotrade.validation.training_data import TrainingData, training_data
from algotrade.validation.training_rows import TrainingSettings
from algotrade.validation.walk_forward import walk_forward

_FORECAST = ["fold", "symbol", "open_time", "probability", "expected_return"]


@dataclass(frozen=True)
class ChainRecipe:
    """Candles → features → labels → folds → fitted model → out-of-fold predictions → weights → fills.

    Every step is a method that a subclass may replace by its own.

    Attributes
    ----------
    features : FeatureSet
    model : Model
        Unfitted; fitted afresh in every fold.
    strategies : sequence of Strategy
    horizon : int
        Candles that a forecast looks ahead.
    label : Label, optional
        The forward return over the horizon by default.
    history : int
        Feature rows that a sample needs; at least the model's.
    folds, training, preparation : settings
        Of the walk-forward.
    costs, account
        Of the simulation.
    """

    features: FeatureSet
    model: Model
    strategies: Sequence[Strategy]
    horizon: int = 8
    label: Label | None = None
    history: int = 1
    folds: FoldSettings = field(default_factory=FoldSettings)
    training: TrainingSettings = field(default_factory=TrainingSettings)
    preparation: PreparationSettings = field(default_factory=PreparationSettings)
    costs: Costs = field(default_factory=Costs)
    account: SimulationSettings = field(default_factory=SimulationSettings)

    def __call__(self, panel: Panel) -> Mapping[str, Stage]:
        """Every stage by name; the labels' values are no input of a decision before they are known."""
        features, labels = self.features_of(panel), self.labels_of(panel)
        data = self.samples_of(features, labels, panel)
        predictions = self.predictions_of(data, self.folds_of(data))
        view = MarketView.from_predictions(panel, predictions, self.horizon).predicted
        return {
            "features": Stage(features, ("symbol", "open_time")),
            "labels": Stage(
                labels.drop(columns=["open_time"]).assign(row=labels["open_time"]), ("symbol", "row"), "known_at"
            ),
            "predictions": Stage(predictions[_FORECAST], ("symbol", "open_time")),
            **self.decisions_of(view),
        }

    def features_of(self, panel: Panel) -> pd.DataFrame:
        """Feature frame of the candles."""
        return self.features.to_frame(panel)

    def labels_of(self, panel: Panel) -> pd.DataFrame:
        """What the market did after each candle, and when that was known."""
        return forward_returns(panel, self.horizon) if self.label is None else self.label.of(panel)

    def samples_of(self, features: pd.DataFrame, labels: pd.DataFrame, panel: Panel) -> TrainingData:
        """Features and labels joined."""
        return training_data(features, labels, panel.timeframe, max(self.history, self.model.history))

    def folds_of(self, data: TrainingData) -> Sequence[Fold]:
        """Training and test spans."""
        return walk_forward_folds(data.open_time, data.known_at, data.timeframe.milliseconds, self.folds)

    def predictions_of(self, data: TrainingData, folds: Sequence[Fold]) -> pd.DataFrame:
        """Out-of-fold predictions of the model."""
        prepared = fit_preparations(data, folds, self.preparation, self.training, self.folds.embargo)
        return walk_forward(self.model, data, folds, self.training, prepared.folds).predictions

    def decisions_of(self, view: MarketView) -> dict[str, Stage]:
        """Target weights and fills of every strategy."""
        times = from_milliseconds(view.decided.open_time)
        stages: dict[str, Stage] = {}
        for strategy in self.strategies:
            weights = pd.DataFrame(strategy.target_weights(view), columns=list(view.panel.symbols)).assign(
                open_time=times
            )
            long = weights.melt(id_vars="open_time", var_name="symbol", value_name="weight")
            stages[f"weights of {strategy.name}"] = Stage(long, ("symbol", "open_time"))
            fills = backtest(strategy, view, self.costs, self.account).fills
            stages[f"fills of {strategy.name}"] = Stage(fills, ("symbol", "time", "side", "kind"), "time")
        return stages
